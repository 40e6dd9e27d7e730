package lbipam

import (
	"io"

	"github.com/sirupsen/logrus"

	cilium_api_v2alpha1 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2alpha1"
	"github.com/cilium/cilium/pkg/k8s/resource"
	slim_core_v1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
)

// Cilium 1.15 and 1.16.

type (
	poolObject = cilium_api_v2alpha1.CiliumLoadBalancerIPPool
	poolStatus = cilium_api_v2alpha1.CiliumLoadBalancerIPPoolStatus
)

var sharedMetrics = newMetrics()

func newController(c *cluster) *LBIPAM {
	return newLBIPAM(lbIPAMParams{
		logger:      silent,
		lbClasses:   c.options.Classes,
		ipv4Enabled: c.options.IPv4,
		ipv6Enabled: c.options.IPv6,
		poolClient:  poolPatcher{c},
		svcClient:   serviceClients{c},
		metrics:     sharedMetrics,
	})
}

func handleService(ipam *LBIPAM, event resource.Event[*slim_core_v1.Service], _ bool) {
	ipam.handleServiceEvent(ctx, event)
}

func finishStart(ipam *LBIPAM) error {
	if err := ipam.satisfyServices(ctx); err != nil {
		return err
	}
	return ipam.updateAllPoolCounts(ctx)
}

var silent = func() *logrus.Logger {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return logger
}()
