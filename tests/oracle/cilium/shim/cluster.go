package lbipam

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	meta_v1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cilium/cilium/pkg/k8s/resource"
	slim_core_v1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	client_typed_v1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/client/clientset/versioned/typed/core/v1"
)

// syncRetries is how often a failed Sync event is tried again; the real work queue never gives up, but nothing
// changes between its attempts.
const syncRetries = 20

// feedbackCap ends the loop in which the controller patches a status at each event.
const feedbackCap = 50

// cluster is the API server with one operator.
type cluster struct {
	options  Options
	ipam     *LBIPAM
	pools    map[string]*poolObject
	services map[string]*slim_core_v1.Service
	// order in which objects were created, which is the order of the initial events.
	poolOrder, serviceOrder []string

	asleep bool
	// stuck: the controller has not finished its start, and reads no pool events.
	stuck   bool
	err     string
	patched []string
}

var ctx = context.Background()

// Run plays the scenario.
func (s Scenario) Run() Outcome {
	if s.Measured {
		return s.measured()
	}
	if s.Times == 0 {
		return s.once()
	}
	var outcome Outcome
	seen := map[string]int{}
	for range s.Times {
		run := s.once()
		text, err := json.Marshal(run)
		must(err)
		at, found := seen[string(text)]
		if !found {
			at = len(outcome.Runs)
			seen[string(text)] = at
			outcome.Runs = append(outcome.Runs, run)
		}
		outcome.Runs[at].Count++
	}
	return outcome
}

func (s Scenario) once() (outcome Outcome) {
	c := &cluster{options: s.Options, pools: map[string]*poolObject{}, services: map[string]*slim_core_v1.Service{}}
	c.start()
	for _, step := range s.Events {
		state, goOn := c.step(step)
		outcome.Steps = append(outcome.Steps, state)
		if !goOn {
			break
		}
	}
	return outcome
}

// measured plays the scenario once. What it takes to tell the state, before a restart and at the end, is not counted.
func (s Scenario) measured() (outcome Outcome) {
	c := &cluster{options: s.Options, pools: map[string]*poolObject{}, services: map[string]*slim_core_v1.Service{}}
	c.start()
	for _, step := range s.Events {
		if step.Restart != nil {
			outcome.Steps = append(outcome.Steps, c.state())
		}
		before := time.Now()
		c.apply(step)
		outcome.Nanoseconds = append(outcome.Nanoseconds, time.Since(before).Nanoseconds())
	}
	outcome.Steps = append(outcome.Steps, c.state())
	return outcome
}

func (c *cluster) step(step Step) (state State, goOn bool) {
	c.err, c.patched = "", nil
	defer func() {
		if broken := recover(); broken != nil {
			state = State{Panic: fmt.Sprint(broken)}
			goOn = false
		}
	}()
	c.apply(step)
	if c.options.Feedback {
		for i := 0; i < feedbackCap && len(c.patched) > 0; i++ {
			key := c.patched[0]
			c.patched = c.patched[1:]
			c.deliverService(key)
		}
	}
	return c.state(), true
}

func (c *cluster) apply(step Step) {
	switch {
	case step.Pool != nil:
		c.upsertPool(step.Pool)
		c.deliverPool(step.Pool.Name)
	case step.RedeliverPool != "":
		if c.pools[step.RedeliverPool] != nil {
			c.deliverPool(step.RedeliverPool)
		}
	case step.DeletePool != "":
		if pool := c.pools[step.DeletePool]; pool != nil {
			delete(c.pools, step.DeletePool)
			c.poolOrder = without(c.poolOrder, step.DeletePool)
			c.poolEvent(resource.Delete, pool)
		}
	case step.Service != nil:
		c.deliverService(c.upsertService(step.Service))
	case step.RedeliverService != "":
		c.deliverService(step.RedeliverService)
	case step.DeleteService != "":
		if service := c.services[step.DeleteService]; service != nil {
			delete(c.services, step.DeleteService)
			c.serviceOrder = without(c.serviceOrder, step.DeleteService)
			c.serviceEvent(resource.Delete, service)
		}
	case step.Restart != nil:
		c.poolOrder = reordered(c.poolOrder, step.Restart.Pools)
		c.serviceOrder = reordered(c.serviceOrder, step.Restart.Services)
		c.start()
	}
}

// start is a new operator: the pools as initial events, then Sync, then, as soon as there is a pool, the services.
func (c *cluster) start() {
	c.ipam = newController(c)
	c.asleep, c.stuck = true, false
	for _, name := range c.poolOrder {
		c.handlePool(resource.Upsert, c.pools[name])
	}
	if err := c.ipam.settleConflicts(ctx); err != nil {
		c.err = err.Error()
	}
	c.wake()
}

// wake delivers the services once there is a pool.
func (c *cluster) wake() {
	if !c.asleep || len(c.ipam.pools) == 0 {
		return
	}
	c.asleep = false
	c.stuck = true
	for _, key := range slices.Clone(c.serviceOrder) {
		if service := c.services[key]; service != nil {
			c.handleService(resource.Upsert, service)
		}
	}
	c.sync()
}

// sync is the event that ends the start; while it fails the controller reads services only.
func (c *cluster) sync() {
	for range syncRetries {
		err := finishStart(c.ipam)
		if err == nil {
			c.stuck = false
			return
		}
		c.err = err.Error()
	}
}

func (c *cluster) deliverPool(name string) { c.poolEvent(resource.Upsert, c.pools[name]) }

func (c *cluster) poolEvent(kind resource.EventKind, pool *poolObject) {
	if c.stuck {
		return
	}
	c.handlePool(kind, pool)
	if c.asleep {
		c.wake()
		return
	}
	if len(c.ipam.pools) == 0 {
		c.start()
	}
}

func (c *cluster) handlePool(kind resource.EventKind, pool *poolObject) {
	c.ipam.handlePoolEvent(ctx, resource.Event[*poolObject]{
		Kind: kind, Key: resource.Key{Name: pool.Name}, Object: pool.DeepCopy(), Done: c.done,
	})
}

func (c *cluster) deliverService(key string) {
	if service := c.services[key]; service != nil {
		c.serviceEvent(resource.Upsert, service)
	}
}

func (c *cluster) serviceEvent(kind resource.EventKind, service *slim_core_v1.Service) {
	if c.asleep {
		return
	}
	c.handleService(kind, service)
	if c.stuck {
		c.sync()
	}
}

func (c *cluster) handleService(kind resource.EventKind, service *slim_core_v1.Service) {
	handleService(c.ipam, resource.Event[*slim_core_v1.Service]{
		Kind: kind, Key: resource.NewKey(service), Object: service.DeepCopy(), Done: c.done,
	}, c.stuck)
}

func (c *cluster) done(err error) {
	if err != nil {
		c.err = err.Error()
	}
}

func (c *cluster) upsertPool(spec *PoolSpec) {
	pool := &poolObject{}
	must(json.Unmarshal(spec.Spec, &pool.Spec))
	pool.Name = spec.Name
	pool.CreationTimestamp = meta_v1.NewTime(time.Unix(spec.Created, 0))
	if old := c.pools[spec.Name]; old != nil {
		pool.Status = old.Status
		pool.CreationTimestamp = old.CreationTimestamp
	} else {
		c.poolOrder = append(c.poolOrder, spec.Name)
	}
	c.pools[spec.Name] = pool
}

func (c *cluster) upsertService(spec *ServiceSpec) string {
	service := &slim_core_v1.Service{}
	must(json.Unmarshal(spec.Spec, &service.Spec))
	service.Namespace, service.Name = spec.Namespace, spec.Name
	service.Labels, service.Annotations = spec.Labels, spec.Annotations
	key := spec.Namespace + "/" + spec.Name
	if old := c.services[key]; old != nil {
		service.Status = old.Status
	} else {
		c.serviceOrder = append(c.serviceOrder, key)
	}
	if spec.Ingress != nil {
		service.Status.LoadBalancer.Ingress = nil
		for _, ip := range *spec.Ingress {
			service.Status.LoadBalancer.Ingress = append(service.Status.LoadBalancer.Ingress, slim_core_v1.LoadBalancerIngress{IP: ip})
		}
	}
	c.services[key] = service
	return key
}

func (c *cluster) state() State {
	state := State{Error: c.err, Asleep: c.asleep, Stuck: c.stuck, Services: map[string]ServiceState{}, Pools: map[string]PoolState{}}
	for key, service := range c.services {
		var s ServiceState
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			s.Ingress = append(s.Ingress, ingress.IP)
		}
		for _, condition := range service.Status.Conditions {
			if condition.Type == ciliumSvcRequestSatisfiedCondition {
				s.Status, s.Reason, s.Message = string(condition.Status), condition.Reason, condition.Message
			}
		}
		if view, found, _ := c.ipam.serviceStore.GetService(resource.NewKey(service)); found {
			for _, held := range view.AllocatedIPs {
				s.Held = append(s.Held, held.IP.String())
			}
		}
		state.Services[key] = s
	}
	for name, pool := range c.pools {
		var s PoolState
		for _, condition := range pool.Status.Conditions {
			switch condition.Type {
			case ciliumPoolIPsTotalCondition:
				s.Total = condition.Message
			case ciliumPoolIPsAvailableCondition:
				s.Available = condition.Message
			case ciliumPoolConflict:
				s.Conflict = string(condition.Status)
			}
		}
		state.Pools[name] = s
	}
	return state
}

// patchOf is the only patch that LB-IPAM sends.
func patchOf(data []byte, status any) {
	var operations []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
	must(json.Unmarshal(data, &operations))
	if len(operations) != 1 || operations[0].Op != "replace" || operations[0].Path != "/status" {
		panic("oracle: an unexpected patch: " + string(data))
	}
	must(json.Unmarshal(operations[0].Value, status))
}

type poolPatcher struct{ cluster *cluster }

func (p poolPatcher) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ meta_v1.PatchOptions, _ ...string) (*poolObject, error) {
	pool := p.cluster.pools[name]
	if pool == nil {
		return nil, fmt.Errorf("no pool %q", name)
	}
	patched := pool.DeepCopy()
	patched.Status = poolStatus{}
	patchOf(data, &patched.Status)
	p.cluster.pools[name] = patched
	return patched, nil
}

type servicePatcher struct {
	// Nil: any other call ends the program.
	client_typed_v1.ServiceInterface
	cluster   *cluster
	namespace string
}

type serviceClients struct{ cluster *cluster }

func (s serviceClients) Services(namespace string) client_typed_v1.ServiceInterface {
	return servicePatcher{cluster: s.cluster, namespace: namespace}
}

func (p servicePatcher) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ meta_v1.PatchOptions, _ ...string) (*slim_core_v1.Service, error) {
	key := p.namespace + "/" + name
	service := p.cluster.services[key]
	if service == nil {
		return nil, fmt.Errorf("no service %q", key)
	}
	patched := service.DeepCopy()
	patched.Status = slim_core_v1.ServiceStatus{}
	patchOf(data, &patched.Status)
	p.cluster.services[key] = patched
	p.cluster.patched = append(p.cluster.patched, key)
	return patched, nil
}

func without(list []string, gone string) []string {
	return slices.DeleteFunc(list, func(one string) bool { return one == gone })
}

// reordered puts those that are named first, in that order.
func reordered(list, first []string) []string {
	if len(first) == 0 {
		return list
	}
	var ordered []string
	for _, one := range append(slices.Clone(first), list...) {
		if slices.Contains(list, one) && !slices.Contains(ordered, one) {
			ordered = append(ordered, one)
		}
	}
	return ordered
}

func must(err error) {
	if err != nil {
		panic("oracle: " + err.Error())
	}
}
