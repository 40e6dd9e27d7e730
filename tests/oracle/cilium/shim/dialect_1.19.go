package lbipam

import (
	"log/slog"

	cilium_api_v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	"github.com/cilium/cilium/pkg/k8s/resource"
	slim_core_v1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
)

// Cilium 1.19 and 1.20.

type (
	poolObject = cilium_api_v2.CiliumLoadBalancerIPPool
	poolStatus = cilium_api_v2.CiliumLoadBalancerIPPoolStatus
)

var sharedMetrics = newMetrics()

func newController(c *cluster) *LBIPAM {
	return newLBIPAM(lbIPAMParams{
		logger:      slog.New(slog.DiscardHandler),
		lbClasses:   c.options.Classes,
		ipv4Enabled: c.options.IPv4,
		ipv6Enabled: c.options.IPv6,
		poolClient:  poolPatcher{c},
		svcClient:   serviceClients{c},
		metrics:     sharedMetrics,
		defaultIPAM: c.options.DefaultIPAM,
	})
}

func handleService(ipam *LBIPAM, event resource.Event[*slim_core_v1.Service], init bool) {
	ipam.handleServiceEvent(ctx, event, init)
}

func finishStart(ipam *LBIPAM) error {
	if err := ipam.revalidateAllServices(ctx); err != nil {
		return err
	}
	return ipam.updateAllPoolCounts(ctx)
}
