//! The addresses that Gateways must have, wherever they are written: in a Gateway, or in the config.

use std::net::IpAddr;

use super::finding::Found;
use crate::cilium::address::parse_address;
use crate::cilium::request::RequestedAddress;
use crate::cilium::{Family, Range, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::plan::PlannedGateway;
use crate::cluster::requests::{Asker, Request};
use crate::cluster::serving::PoolIndex;
use crate::flux::expression::{self, ErrorKind};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::flux::variables::Variables;

/// One address of a Gateway.
#[derive(Debug)]
pub struct GatewayAddress<'v, 'a, 't> {
    /// The address.
    pub address: IpAddr,
    /// How it is written.
    pub text: Text,
    /// Who asks for it: a Gateway of the cluster, with the field; `None` when only the config names it.
    pub request: Option<(&'v Request<'a, 't>, String)>,
    /// What the config says of it.
    pub planned: Option<&'v PlannedGateway>,
}

/// Every address of a Gateway that is known and parses, each once.
pub fn gateway_addresses<'v, 'a, 't>(view: &'v ClusterView<'a, 't>) -> Vec<GatewayAddress<'v, 'a, 't>> {
    let planned: Vec<(&PlannedGateway, Text)> =
        view.plan.gateways.iter().map(|gateway| (gateway, planned_text(gateway, &view.cluster.settings))).collect();
    let mut found: Vec<GatewayAddress<'v, 'a, 't>> = Vec::new();
    for request in view.requests.iter().filter(|r| r.asker == Asker::Gateway && r.responsible.is_ok()) {
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            let Some((path, text)) = written(request, asked) else { continue };
            let planned = planned.iter().find(|(gateway, text)| match &gateway.name {
                Some(name) => names(gateway, name, request),
                None => address_of(text) == Some(asked.address),
            });
            found.push(GatewayAddress {
                address: asked.address,
                text: text.clone(),
                request: Some((request, path.clone())),
                planned: planned.map(|(gateway, _)| *gateway),
            });
        }
    }
    for (gateway, text) in planned {
        if let Some(address) = address_of(&text)
            && found.iter().all(|other| other.address != address)
        {
            found.push(GatewayAddress { address, text, request: None, planned: Some(gateway) });
        }
    }
    found
}

/// The field that asks for an address, and its text.
pub fn written<'r>(request: &'r Request<'_, '_>, asked: &RequestedAddress) -> Option<&'r (String, Text)> {
    let says = |text: &Text| {
        text.known().is_some_and(|value| value.split(',').any(|entry| parses_to(entry.trim(), asked.address)))
    };
    request.written.iter().find(|(_, text)| says(text)).or_else(|| request.written_at(&asked.origin))
}

/// The text of an address of the config, as a cluster's settings make it.
pub fn planned_text(gateway: &PlannedGateway, settings: &Variables) -> Text {
    let mut text = Text {
        written: gateway.address.clone(),
        value: Fact::Known(gateway.address.clone()),
        span: 0..0,
        variables: Vec::new(),
        undefined: Vec::new(),
    };
    if !expression::has_expression(&text.written) {
        return text;
    }
    match expression::evaluate(&text.written, &|name| settings.lookup(name), settings.dialect) {
        Ok(evaluated) => {
            text.variables = evaluated.used;
            text.undefined = evaluated.undefined;
            text.value = evaluated.unknown.map_or(Fact::Known(evaluated.text), Fact::Unknown);
        }
        Err(error) => {
            if let ErrorKind::NotSet(name) = &error.kind {
                text.undefined.push(name.clone());
            }
            text.value = Fact::Unknown(error.to_string());
        }
    }
    text
}

/// The setting that a text is, when it is nothing but that: `${NAME}`.
pub fn setting_of(text: &Text) -> Option<&str> {
    let name = text.written.trim().strip_prefix("${")?.strip_suffix('}')?;
    (text.variables == [name]).then_some(name)
}

/// A finding on an address of the config: at the setting that holds it, where one does.
pub fn on_planned(view: &ClusterView<'_, '_>, text: &Text) -> Found {
    let settings = &view.cluster.settings;
    let value = text.known().unwrap_or(&text.written);
    let mut found = Found::nowhere();
    if let Some(name) = setting_of(text) {
        let held = view
            .cluster
            .settings_object
            .map(|located| Object::with_variables(located, std::rc::Rc::new(Variables::none(settings.dialect))));
        if let Some(object) = &held
            && let Some(own) = object.text_at(&["data", name])
        {
            found = Found::on(object).field(object, format!("data.{name}"), &own);
        }
    }
    if let Some(variable) = text.variables.iter().find_map(|name| settings.by_name.get(name)) {
        found = found.place(variable.at.clone());
    }
    for link in text.variables.iter().filter_map(|name| settings.link(name)) {
        found = found.link(link.what, link.at);
    }
    found.current(value)
}

impl GatewayAddress<'_, '_, '_> {
    /// A finding at the place where the address is written.
    pub fn found(&self, view: &ClusterView<'_, '_>) -> Found {
        match &self.request {
            Some((request, path)) => Found::on(request.object).field(request.object, path.clone(), &self.text),
            None => on_planned(view, &self.text),
        }
    }

    /// Who it is, for messages.
    pub fn label(&self) -> String {
        match (&self.request, self.planned) {
            (Some((request, _)), _) => request.label(),
            (None, Some(PlannedGateway { name: Some(name), .. })) => format!("Gateway {name} of the config"),
            (None, _) => "the Gateway of the config".into(),
        }
    }

    /// A value for the setting that holds the address, where one is certain to be right: `wanted` if that will do,
    /// else the first that will. It lies in the cluster's planned ranges, nobody else has it, and the pool that the
    /// address comes from will hold it: a pool that is made of the same setting moves along.
    pub fn proposal(
        &self,
        view: &ClusterView<'_, '_>,
        index: &PoolIndex<'_, '_, '_>,
        wanted: Option<IpAddr>,
    ) -> Option<String> {
        let setting = setting_of(&self.text)?;
        if index.incomplete.is_some() {
            return None;
        }
        let moves = |text: &Text| text.variables.iter().any(|name| name == setting);
        let planned = view.plan.ranges.of(Family::of(self.address));
        let reserved: Ranges = view.plan.reserved.iter().map(|reserved| reserved.range).collect();
        let pinned: Ranges = (view.requests.iter())
            .flat_map(|request| request.requested.addresses.iter().map(|asked| asked.address))
            .filter(|address| *address != self.address)
            .map(Range::single)
            .collect();
        let mut fixed = Ranges::new();
        let mut moving = false;
        for (block, parsed) in view.pools.iter().flat_map(|pool| pool.ranges()) {
            if block.fields().iter().any(|(_, text)| moves(text)) {
                moving = true;
            } else {
                fixed = fixed.union(&std::iter::once(parsed.range).collect());
            }
        }
        let candidates = if moving {
            planned.subtract(&fixed)
        } else {
            let name = self.planned?.pool.as_deref()?;
            let pool = index.pools.iter().find(|serving| serving.pool.label() == name)?;
            planned.intersection(&pool.assignable)
        };
        let free = candidates.subtract(&reserved).subtract(&pinned);
        wanted.filter(|address| free.contains(*address)).or_else(|| free.first()).map(|address| address.to_string())
    }
}

fn address_of(text: &Text) -> Option<IpAddr> {
    let written = parse_address(text.known()?).ok()?;
    written.zone.is_none().then_some(written.address)
}

fn parses_to(text: &str, address: IpAddr) -> bool {
    parse_address(text).is_ok_and(|written| written.address == address)
}

fn names(gateway: &PlannedGateway, name: &str, request: &Request<'_, '_>) -> bool {
    let resource = request.object.resource();
    let namespace = request.object.namespace();
    resource.name == name && gateway.namespace.as_ref().is_none_or(|wanted| namespace.known() == Some(wanted))
}
