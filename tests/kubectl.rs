//! lbpools under the real kubectl, whose kustomize runs legacy plugins only.

mod real;

use real::{Scratch, find, fixture, pools};

#[test]
fn the_legacy_plugin_adds_the_pools() {
    let Some(kubectl) = find("kubectl") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.install_plugin();
    let ran = scratch.run(&kubectl, ["kustomize", "--enable-alpha-plugins", "."]).ok();
    // kubectl's kustomize may be older and print other things another way; the pools must be the same.
    assert_eq!(pools(&ran.stdout), pools(&fixture("kustomize/built.yaml")));
    assert_ne!(pools(&ran.stdout), [""; 0]);
}

#[test]
fn a_mistake_fails_the_build_and_shows_the_finding() {
    let Some(kubectl) = find("kubectl") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.install_plugin();
    let settings = "base/cluster-settings.yaml";
    scratch.replace(settings, "CILIUM_LB_POOL_END: 192.168.40.30", "CILIUM_LB_POOL_END: 192.168.40.3");
    let ran = scratch.run(&kubectl, ["kustomize", "--enable-alpha-plugins", "."]).refused("error[LBP");
    assert_eq!(ran.stdout, "");
}

#[test]
fn without_the_plugin_it_says_so() {
    let Some(kubectl) = find("kubectl") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.run(&kubectl, ["kustomize", "--enable-alpha-plugins", "."]).refused("plugin");
}
