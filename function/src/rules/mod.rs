//! The rules of findings: one file each, one table of codes.
//!
//! A rule's module doc is its page and its `explain` text; its pass and fail cases stand in the same file. Codes
//! never change meaning: a rule that goes leaves a gap. `LBP1xx` is about blocks and pools, `LBP2xx` about the
//! network plan, `LBP3xx` about who gets which address, `LBP4xx` about settings and delivery, `LBP5xx` about
//! announcements, `LBP60x` about what breaks the operator, `LBP7xx` about a living cluster.

pub mod asked_annotations;
#[cfg(test)]
pub mod cases;
pub mod ends;
pub mod finding;
pub mod gateway_addresses;
mod living;
pub mod placement;
pub mod pool_schema;
pub mod proposal;
pub mod sharing_groups;

use crate::cluster::ClusterView;
use crate::report::{Category, Severity};
use crate::verification::Verified;
use finding::Findings;

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// One cluster after the other.
    Cluster(fn(&ClusterView<'_, '_>, &mut Findings<'_>)),
    /// One cluster before and after a change; only when there is something to compare with.
    Change(fn(&ClusterView<'_, '_>, &ClusterView<'_, '_>, &mut Findings<'_>)),
    /// All clusters together.
    Fleet(fn(&[ClusterView<'_, '_>], &mut Findings<'_>)),
    /// One cluster held against the living one; only where one was read.
    Living(fn(&Verified<'_, '_, '_>, &mut Findings<'_>)),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Check::Cluster(_) => "Cluster",
            Check::Change(_) => "Change",
            Check::Fleet(_) => "Fleet",
            Check::Living(_) => "Living",
        })
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `LBP` and three digits.
    pub code: &'static str,
    /// In words, as used in `severity:` of the config.
    pub name: &'static str,
    /// What it promises.
    pub category: Category,
    /// Unless the config says otherwise.
    pub severity: Severity,
    /// Source of its file: the module doc is the page.
    pub source: &'static str,
    /// What it does.
    pub check: Check,
}

impl Rule {
    /// The page: Markdown from the module doc of its file.
    pub fn page(&self) -> String {
        let lines = self.source.lines().take_while(|line| line.starts_with("//!"));
        let mut page: String = lines
            .map(|line| line.trim_start_matches("//!"))
            .map(|l| format!("{}\n", l.strip_prefix(' ').unwrap_or(l)))
            .collect();
        page.truncate(page.trim_end().len());
        page
    }

    /// The first sentence of the page.
    pub fn summary(&self) -> String {
        self.page().lines().next().unwrap_or_default().to_owned()
    }
}

/// Declares the modules of the rules and their table, in order of code.
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// Every rule, in order of code.
        pub static RULES: &[Rule] = &[$($module::RULE),*];
    };
}

rules! {
    block_does_not_parse,
    block_start_after_stop,
    block_mixed_families,
    block_host_bits,
    pool_blocks_overlap,
    pools_overlap,
    pool_api_version_not_served,
    pool_field_not_served,
    pool_value_of_wrong_type,
    selector_does_not_compile,
    pool_without_addresses,
    pool_api_version_deprecated,
    block_in_other_clusters_range,
    block_outside_network,
    clusters_overlap,
    block_over_reserved,
    headroom_used_up,
    block_outside_plan,
    network_ends_given_out,
    gateway_address_unparsable,
    gateway_address_in_no_pool,
    gateway_in_other_cluster,
    gateway_pool_cannot_serve,
    pin_in_no_pool,
    pin_requested_twice,
    pin_ignored,
    pin_not_selected,
    pin_may_be_taken,
    no_pool_for_service,
    class_not_served,
    pool_choice_ambiguous,
    sharing_never_happens,
    shares_one_of_several,
    request_nobody_serves,
    sharing_annotation_not_read,
    annotation_unknown,
    annotation_and_load_balancer_ip,
    family_not_as_meant,
    gateway_metadata_not_copied,
    gateway_addresses_contradict,
    ingress_annotation_not_copied,
    service_not_made,
    address_lost_at_restart,
    two_controllers,
    pool_too_small,
    setting_undefined,
    expression_not_substitutable,
    substitution_does_not_run,
    setting_missing,
    generated_object_missing,
    name_taken,
    pools_not_delivered,
    foreign_directory_applied,
    dependency_missing,
    dependency_circle,
    dependency_never_ready,
    identity_twice,
    path_missing,
    kustomization_incomplete,
    substitute_source_missing,
    resource_missing,
    setting_unused,
    default_instead_of_setting,
    setting_misspelt,
    expression_left_as_is,
    pool_not_pruned,
    change_not_applied,
    delivery_suspended,
    expression_surprises,
    variable_name_invalid,
    settings_not_applied,
    namespace_missing,
    applied_twice,
    value_changes_type,
    build_refused,
    generated_object_outdated,
    bgp_advertisement_without_selector,
    announcement_api_version_not_served,
    announcement_does_nothing,
    l2_interface_is_no_pattern,
    announcement_switched_off,
    address_not_announced,
    bgp_peer_config_missing,
    bgp_advertisement_unheard,
    l2_with_sharing,
    l2_with_local_traffic,
    gateway_local_not_announced,
    announcement_field_not_served,
    reserved_end_with_sharing_key,
    first_last_turned_off_under_holder,
    block_listed_twice,
    first_last_turned_on_under_holder,
    pool_of_several_blocks_deleted,
    class_changed,
    pool_removed_under_holder,
    living_service_waits,
    living_prediction_contradicted,
    living_object_missing,
    living_object_edited,
    living_service_unknown,
    living_pool_unknown,
    living_pool_of_other_cluster,
    living_pool_in_conflict,
    living_pool_counts_differ,
    living_gateway_not_ready,
    living_delivery_not_ready,
    living_delivery_suspended,
    living_revision_stale,
    living_address_by_history,
    living_address_ends_at_restart,
    living_cilium_otherwise,
    living_pool_over_node,
    living_announcer_refused,
    living_source_not_ready,
}

/// Judge clusters by every rule.
pub fn judge(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for rule in RULES {
        if !findings.begin(rule) {
            continue;
        }
        match rule.check {
            Check::Cluster(check) => views.iter().for_each(|view| check(view, findings)),
            Check::Fleet(check) => check(views, findings),
            Check::Change(_) | Check::Living(_) => {}
        }
    }
}

/// Judge a living cluster.
pub fn judge_living(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for rule in RULES {
        if let Check::Living(check) = rule.check
            && findings.begin(rule)
        {
            check(verified, findings);
        }
    }
}

/// Judge what changes in a cluster that there was before and is still there.
pub fn judge_change(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for rule in RULES {
        if let Check::Change(check) = rule.check
            && findings.begin(rule)
        {
            check(before, after, findings);
        }
    }
}

/// The rule of a code or name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name || rule.code.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_regular() {
        for pair in RULES.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} and {}", pair[0].code, pair[1].code);
        }
        for rule in RULES {
            assert!(rule.code.len() == 6 && rule.code.starts_with("LBP"), "{}", rule.code);
            assert!(
                rule.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                rule.name
            );
            let page = rule.page();
            assert!(rule.summary().ends_with('.'), "{}: {page}", rule.code);
            for heading in ["## What it does", "## Why is this bad?", "## Example", "## What to do"] {
                assert!(page.contains(heading), "{} has no {heading:?}", rule.code);
            }
        }
    }
}
