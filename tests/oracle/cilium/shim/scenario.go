package lbipam

import "encoding/json"

// Scenario is a cluster's settings and what happens in it, in order.
type Scenario struct {
	Options Options `json:"options"`
	Events  []Step  `json:"events"`
	// Times runs it so often and returns each different outcome once; 0 means once.
	Times int `json:"times,omitempty"`
	// Measured returns only the state before a restart and after the last step, and how long each step took.
	Measured bool `json:"measured,omitempty"`
}

// Options are the settings that LB-IPAM looks at.
type Options struct {
	IPv4        bool     `json:"ipv4"`
	IPv6        bool     `json:"ipv6"`
	Classes     []string `json:"classes"`
	DefaultIPAM bool     `json:"defaultIPAM"`
	ProtoDiff   bool     `json:"protoDiff"`
	// Feedback delivers each object again that the controller has patched, as a real informer does.
	Feedback bool `json:"feedback,omitempty"`
}

// Step is one thing that happens; exactly one field is set.
type Step struct {
	Pool             *PoolSpec    `json:"pool,omitempty"`
	DeletePool       string       `json:"deletePool,omitempty"`
	RedeliverPool    string       `json:"redeliverPool,omitempty"`
	Service          *ServiceSpec `json:"service,omitempty"`
	DeleteService    string       `json:"deleteService,omitempty"`
	RedeliverService string       `json:"redeliverService,omitempty"`
	Restart          *Restart     `json:"restart,omitempty"`
}

// Restart starts the operator again; the lists give the order in which objects are delivered.
type Restart struct {
	Pools    []string `json:"pools"`
	Services []string `json:"services"`
}

// PoolSpec is a CiliumLoadBalancerIPPool. Spec goes to Cilium's own type as it is.
type PoolSpec struct {
	Name    string          `json:"name"`
	Created int64           `json:"created"`
	Spec    json.RawMessage `json:"spec"`
}

// ServiceSpec is a Service. Spec goes to Cilium's own type as it is.
type ServiceSpec struct {
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Spec        json.RawMessage   `json:"spec"`
	// Ingress, where it is given, sets status.loadBalancer.ingress; else an existing status stays.
	Ingress *[]string `json:"ingress,omitempty"`
}

// Outcome is the state after each step, or of each run.
type Outcome struct {
	Steps []State   `json:"steps,omitempty"`
	Runs  []Outcome `json:"runs,omitempty"`
	// Count is how many of the runs came to this.
	Count int `json:"count,omitempty"`
	// Nanoseconds is how long each step took, if that was asked for.
	Nanoseconds []int64 `json:"nanoseconds,omitempty"`
}

// State is what a user of the cluster sees, and what the controller holds.
type State struct {
	// Error tells that the controller gave an error to the work queue.
	Error string `json:"error,omitempty"`
	// Panic tells that the controller ended; nothing happens after it.
	Panic    string                  `json:"panic,omitempty"`
	Asleep   bool                    `json:"asleep,omitempty"`
	Stuck    bool                    `json:"stuck,omitempty"`
	Services map[string]ServiceState `json:"services"`
	Pools    map[string]PoolState    `json:"pools"`
}

// ServiceState is the status of a Service, and the addresses that the controller counts as its own.
type ServiceState struct {
	Ingress []string `json:"ingress,omitempty"`
	Status  string   `json:"status,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Message string   `json:"message,omitempty"`
	Held    []string `json:"held,omitempty"`
}

// PoolState is the status of a pool.
type PoolState struct {
	Total     string `json:"total,omitempty"`
	Available string `json:"available,omitempty"`
	Conflict  string `json:"conflict,omitempty"`
}
