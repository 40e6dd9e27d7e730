//! The instrument itself: what it starts works, and nothing of it is left, however a test ends.

use std::process::{Command, Stdio};

use lbpools_live::{Cluster, Flavour, Patience, until};

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: one, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
";

const POOL: &str = "\
apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata: {name: services}
spec: {blocks: [{start: 192.0.2.10, stop: 192.0.2.19}]}
";

#[test]
#[ignore = "cargo xtask live"]
fn the_operator_serves_and_serves_again_after_a_restart() {
    let mut cluster = Cluster::start("alone", Flavour::ByHand);
    cluster.kubectl().apply(SERVICE);
    cluster.kubectl().apply(POOL);
    cluster.operator_serves();
    let served = |cluster: &Cluster| {
        let one = cluster.observed().services["default/one"].clone();
        if one.addresses.contains("192.0.2.10") { Ok(one) } else { Err(format!("{one:?}")) }
    };
    let before = until(Patience::CHANGE, || served(&cluster)).expect("it gets the first address");
    cluster.restart_operator();
    let after = until(Patience::CHANGE, || served(&cluster)).expect("it keeps its address");
    assert_eq!(before, after);
}

/// Which processes name the directory in their arguments.
fn processes_of(directory: &str) -> Vec<String> {
    let output = Command::new("pgrep").args(["-f", "-a", directory]).output().expect("pgrep starts");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Not a test of its own: the next one starts this binary again to run it, and kills it on the way.
#[test]
#[ignore = "started by the test below"]
fn cluster_that_is_killed() {
    if std::env::var_os("LBPOOLS_LIVE_KILLED").is_none() {
        return;
    }
    let cluster = Cluster::start("killed", Flavour::ByHand);
    println!("directory {}", cluster.directory().display());
    loop {
        std::thread::park();
    }
}

#[test]
#[ignore = "cargo xtask live"]
fn nothing_is_left_when_a_test_is_interrupted_or_killed() {
    for signal in ["-INT", "-KILL"] {
        let this = std::env::current_exe().expect("this test's binary");
        let mut command = Command::new(this);
        command.args(["--ignored", "--exact", "--nocapture", "cluster_that_is_killed"]);
        let mut test = command.env("LBPOOLS_LIVE_KILLED", "1").stdout(Stdio::piped()).spawn().expect("it starts");
        let words = std::io::BufReader::new(test.stdout.take().expect("a pipe"));
        let line = std::io::BufRead::lines(words).map_while(Result::ok).find_map(|line| {
            let (_, directory) = line.split_once("directory ")?;
            Some(directory.to_owned())
        });
        let directory = line.expect("it says where it is");
        assert!(processes_of(&directory).len() >= 3, "etcd, the API server and the operator run");
        let id = test.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().is_ok_and(|status| status.success()));
        test.wait().expect("it ends");
        let gone = until(Patience::START, || {
            let left = processes_of(&directory);
            if left.is_empty() && !std::path::Path::new(&directory).exists() { Ok(()) } else { Err(left.join("\n")) }
        });
        gone.unwrap_or_else(|left| panic!("after {signal} there is left: {left}"));
    }
}
