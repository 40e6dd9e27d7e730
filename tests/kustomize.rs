//! lbpools under the real kustomize: exec transformer, exec generator, validator, legacy plugin.

mod real;

use real::{Scratch, expect_fixture, find, fixture, pools};

const EXEC: [&str; 3] = ["build", "--enable-alpha-plugins", "--enable-exec"];
const LEGACY: [&str; 2] = ["build", "--enable-alpha-plugins"];
const SETTINGS: &str = "base/cluster-settings.yaml";

fn build<'a>(flags: impl IntoIterator<Item = &'a str>, directory: &'a str) -> impl Iterator<Item = &'a str> {
    flags.into_iter().chain([directory])
}

#[test]
fn an_exec_transformer_adds_the_pools() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    let ran = scratch.run(&kustomize, build(EXEC, "exec")).ok();
    expect_fixture("kustomize/built.yaml", &ran.stdout);
}

#[test]
fn the_legacy_plugin_adds_the_same() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.install_plugin();
    let ran = scratch.run(&kustomize, build(LEGACY, ".")).ok();
    expect_fixture("kustomize/built.yaml", &ran.stdout);
}

#[test]
fn a_mistake_fails_the_build_and_shows_the_finding() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.install_plugin();
    scratch.replace(SETTINGS, "CILIUM_GATEWAY_LB_IP: 192.168.40.10", "CILIUM_GATEWAY_LB_IP: 192.168.41.10");
    for ran in [scratch.run(&kustomize, build(EXEC, "exec")), scratch.run(&kustomize, build(LEGACY, "."))] {
        let ran = ran.refused("error[LBP");
        assert!(ran.stderr.contains("192.168.41.10"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

/// kustomize hands a generator nothing but its own config: the values must stand in it.
#[test]
fn an_exec_generator_writes_from_literal_values() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.write("generator/kustomization.yaml", "generators: [lbpools.yaml]\n");
    scratch.write("generator/lbpools.yaml", GENERATOR);
    let ran = scratch.run(&kustomize, build(EXEC, "generator")).ok();
    let [pool] = pools(&ran.stdout)[..] else { panic!("not one pool:\n{}", ran.stdout) };
    assert!(pool.contains("start: 192.168.40.11\n") && pool.contains("stop: 192.168.40.30\n"), "{pool}");
    assert!(!ran.stdout.contains("LoadBalancerPools"), "the config leaks into the output:\n{}", ran.stdout);
}

const GENERATOR: &str = "\
apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata:
  name: lb-pools
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: lbpools
spec:
  cilium:
    version: \"1.18\"
  pools:
  - name: services
    blocks:
    - start: 192.168.40.11
      stop: 192.168.40.30
";

/// kustomize judges a validator by its exit code, and fails one that echoes its input (kustomize issue 5036):
/// `validateOnly` hands no items back. Here the pools lie in the package, as after `lbpools render`.
#[test]
fn a_validator_passes_what_is_sound() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = with_validator("resources: [../base, pools.yaml]\nvalidators: [judge]\n");
    scratch.write("exec/pools.yaml", &fixture("kpt/pools.yaml"));
    let ran = scratch.run(&kustomize, build(EXEC, "exec")).ok();
    expect_fixture("kustomize/built.yaml", &ran.stdout);
}

/// Items that went through one function come to the next with path annotations that kustomize made up from kind and
/// name; they must not be taken for a package's.
#[test]
fn a_validator_passes_what_a_transformer_made() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = with_validator(BOTH);
    let ran = scratch.run(&kustomize, build(EXEC, "exec")).ok();
    expect_fixture("kustomize/built.yaml", &ran.stdout);
}

#[test]
fn a_validator_refuses_a_mistake() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = with_validator("resources: [../base, pools.yaml]\nvalidators: [judge]\n");
    // Valid in itself, but it covers the router.
    let pools = fixture("kpt/pools.yaml").replace("start: \"192.168.40.11\"", "start: \"192.168.40.1\"");
    scratch.write("exec/pools.yaml", &pools);
    let ran = scratch.run(&kustomize, build(EXEC, "exec")).refused("error[LBP");
    assert!(ran.stderr.contains("192.168.40.1"), "{}", ran.stderr);
}

#[test]
fn a_validator_refuses_when_nobody_made_the_pools() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = with_validator("resources: [../base]\nvalidators: [judge]\n");
    scratch.run(&kustomize, build(EXEC, "exec")).refused("error[LBP");
}

const BOTH: &str = "resources: [../base]\ntransformers: [function]\nvalidators: [judge]\n";

fn with_validator(kustomization: &str) -> Scratch {
    let scratch = Scratch::of_example("kustomize");
    scratch.write("exec/kustomization.yaml", kustomization);
    let function = "exec/function/kustomization.yaml";
    let text = scratch.read(function);
    scratch.write("exec/judge/kustomization.yaml", &format!("{text}      spec:\n        validateOnly: true\n"));
    scratch
}

/// Without `--enable-exec` kustomize leaves the function out and exits 0; `check -` notices.
#[test]
fn a_function_that_kustomize_left_out_is_noticed() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    let ran = scratch.run(&kustomize, build(LEGACY, "exec")).ok();
    assert_eq!(pools(&ran.stdout), [""; 0], "kustomize runs exec functions without the flag now");
    scratch.write("built.yaml", &ran.stdout);
    let check = "lbpools check - --config pools/lbpools.yaml < built.yaml";
    let ran = scratch.run("sh".as_ref(), ["-c", check]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
}

/// kustomize follows renamed references by internal annotations; a function that drops them breaks the reference.
#[test]
fn references_survive_a_name_prefix() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = Scratch::of_example("kustomize");
    scratch.write("named/kustomization.yaml", "namePrefix: lab-\nresources: [../exec, pod.yaml, map.yaml]\n");
    scratch.write("named/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: home}\n");
    scratch.write("named/pod.yaml", POD);
    let ran = scratch.run(&kustomize, build(EXEC, "named")).ok();
    assert!(ran.stdout.contains("configMap:\n      name: lab-web\n"), "{}", ran.stdout);
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: home}
spec:
  containers: [{name: web, image: web}]
  volumes: [{name: web, configMap: {name: web}}]
";
