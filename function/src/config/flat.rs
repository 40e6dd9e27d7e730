//! The config as a ConfigMap of flat keys.

use super::LoadBalancerPools;
use crate::krm::decode::DecodeError;
use crate::krm::node::Node;

/// Read a ConfigMap.
pub fn read(_: &Node<'_>) -> Result<LoadBalancerPools, DecodeError> {
    Ok(LoadBalancerPools::default())
}
