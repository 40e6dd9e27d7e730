//! The manifests of the corpus, one function a kind, written as people write them.

use std::fmt::Write;

use super::Random;

/// How the list begins: the settings come first.
pub(super) const HEAD: &str = "\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: cluster-settings
    namespace: flux-system
  data:
    CLUSTER: corpus
    CILIUM_LB_POOL_START: 10.200.0.10
    CILIUM_LB_POOL_END: 10.200.0.250
";

/// How it ends. One pool is generated; it touches none of those in the list.
pub(super) const FUNCTION_CONFIG: &str = "\
functionConfig:
  apiVersion: lbpools.dev/v1alpha1
  kind: LoadBalancerPools
  metadata:
    name: lb-pools
  spec:
    cilium:
      version: \"1.18\"
    pools:
    - name: generated
      blocks:
      - start: \"${CILIUM_LB_POOL_START}\"
        stop: \"${CILIUM_LB_POOL_END}\"
      serviceSelector:
        matchLabels:
          lb: generated
";

const NAMESPACES: &[&str] = &["shop", "billing", "search", "media", "identity", "observability", "data", "edge"];
const WORDS: &[&str] = &[
    "address",
    "balancer",
    "cluster",
    "controller",
    "default",
    "endpoint",
    "external",
    "field",
    "gateway",
    "internal",
    "listener",
    "network",
    "object",
    "policy",
    "reference",
    "resource",
    "route",
    "selector",
    "specified",
    "traffic",
];

/// What numbers the pinned addresses, so that none is asked for twice and each is in a pool.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) pools: usize,
    pub(super) requests: usize,
}

impl Numbers {
    /// Every pool is a /24; the addresses go round the pools.
    fn next_address(&mut self) -> String {
        let request = self.requests;
        self.requests += 1;
        format!("{}.{}", network(request % self.pools), 10 + request / self.pools)
    }
}

fn network(pool: usize) -> String {
    format!("10.{}.{}", 64 + pool / 256, pool % 256)
}

fn sentence(random: &mut Random, words: usize) -> String {
    let mut out = String::new();
    for nth in 0..words {
        if nth > 0 {
            out.push(' ');
        }
        out.push_str(random.pick(WORDS));
    }
    out
}

// Writing to a String cannot fail; the results below are dropped for that reason.

pub(super) fn pool(out: &mut String, nth: usize) {
    let network = network(nth);
    let _ = write!(
        out,
        "\
- apiVersion: cilium.io/v2
  kind: CiliumLoadBalancerIPPool
  metadata:
    name: pool-{nth}  # one network a tenant
  spec:
    blocks:
    - cidr: {network}.0/24
    serviceSelector:
      matchLabels: {{tenant: \"{nth}\"}}
"
    );
}

pub(super) fn service(out: &mut String, number: usize, numbers: &mut Numbers, random: &mut Random) {
    let namespace = random.pick(NAMESPACES);
    let _ = write!(out, "- apiVersion: v1\n  kind: Service\n  metadata:\n    name: service-{number}\n");
    let _ = write!(out, "    namespace: {namespace}\n    labels:\n      app.kubernetes.io/name: service-{number}\n");
    let balanced = random.below(10) == 0;
    if balanced {
        let tenant = numbers.requests % numbers.pools;
        let address = numbers.next_address();
        let _ = write!(out, "      tenant: \"{tenant}\"\n    annotations:\n      lbipam.cilium.io/ips: {address}\n");
    } else {
        let _ = write!(out, "    annotations:\n      # {}\n", sentence(random, 8));
        let _ = writeln!(out, "      prometheus.io/scrape: \"true\"");
    }
    let _ = writeln!(out, "  spec:\n    type: {}", if balanced { "LoadBalancer" } else { "ClusterIP" });
    let _ = writeln!(out, "    selector: {{app.kubernetes.io/name: service-{number}}}\n    ports:");
    for port in 0..=random.below(4) {
        let _ = write!(out, "    - name: port-{port}\n      port: {}\n      protocol: TCP\n", 8000 + port);
        let _ = writeln!(out, "      targetPort: http-{port}  # {}", sentence(random, 4));
    }
}

pub(super) fn deployment(out: &mut String, number: usize, random: &mut Random) {
    let namespace = random.pick(NAMESPACES);
    let replicas = 1 + random.below(5);
    let _ = write!(
        out,
        "\
- # {comment}
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: deployment-{number}
    namespace: {namespace}
    labels: {{app.kubernetes.io/name: deployment-{number}, tier: backend}}
  spec:
    replicas: {replicas}
    selector:
      matchLabels:
        app.kubernetes.io/name: deployment-{number}
    template:
      metadata:
        labels:
          app.kubernetes.io/name: deployment-{number}
      spec:
        securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
        containers:
",
        comment = sentence(random, 10),
    );
    for container in 0..=random.below(3) {
        let _ = write!(
            out,
            "        - name: container-{container}\n          image: \"registry.example/app-{number}:1.{replicas}.0\"\n"
        );
        let _ = writeln!(out, "          args: [\"--listen=:8080\", \"--log-level=info\"]\n          env:");
        for variable in 0..4 + random.below(10) {
            let _ = write!(out, "          - name: SETTING_{variable}\n            value: '{}'\n", sentence(random, 4));
        }
        let _ = writeln!(out, "          resources:\n            requests: {{cpu: 100m, memory: 128Mi}}");
        let _ = writeln!(out, "            limits:\n              memory: 256Mi  # {}", sentence(random, 5));
        let _ = writeln!(out, "          readinessProbe:\n            httpGet: {{path: /ready, port: 8080}}");
    }
}

pub(super) fn config_map(out: &mut String, number: usize, random: &mut Random) {
    let namespace = random.pick(NAMESPACES);
    let _ = write!(out, "- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: config-{number}\n");
    let _ = writeln!(out, "    namespace: {namespace}\n  data:");
    for file in 0..=random.below(3) {
        let _ = writeln!(out, "    file-{file}.conf: |");
        for line in 0..8 + random.below(24) {
            // What a scanner must not take for the next item.
            let lead = if line % 7 == 3 { "- kind: " } else { "setting = " };
            let _ = writeln!(out, "      {lead}{}", sentence(random, 5));
        }
    }
}

pub(super) fn helm_release(out: &mut String, number: usize, random: &mut Random) {
    let namespace = random.pick(NAMESPACES);
    let _ = write!(
        out,
        "\
- apiVersion: helm.toolkit.fluxcd.io/v2
  kind: HelmRelease
  metadata:
    name: release-{number}
    namespace: {namespace}
  spec:
    interval: 30m
    chart:
      spec:
        chart: app-{number}
        version: 1.2.x
        sourceRef: {{kind: HelmRepository, name: charts, namespace: flux-system}}
    values:
"
    );
    for section in 0..4 + random.below(8) {
        let _ = write!(out, "      section{section}:\n        # {}\n        enabled: true\n", sentence(random, 9));
        for value in 0..3 + random.below(6) {
            let _ = writeln!(out, "        value{value}: \"{}\"", sentence(random, 3));
        }
    }
}

pub(super) fn definition(out: &mut String, number: usize, random: &mut Random) {
    let _ = write!(
        out,
        "\
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata:
    name: things{number}.example.org
  spec:
    group: example.org
    names: {{kind: Thing{number}, plural: things{number}}}
    scope: Namespaced
    versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
"
    );
    for group in 0..32 + random.below(14) {
        let _ = write!(out, "                group{group}:\n                  type: object\n");
        let _ = writeln!(out, "                  properties:");
        for field in 0..5 + random.below(6) {
            let _ = write!(
                out,
                "                    field{field}:\n                      description: |-\n                        {}\n\
                 \x20                       {}\n                      type: string\n",
                sentence(random, 9),
                sentence(random, 7),
            );
        }
    }
}
