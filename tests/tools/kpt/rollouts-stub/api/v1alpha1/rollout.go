// Package v1alpha1 stands in for the module github.com/kptdev/kpt/rollouts, whose tagged versions cannot
// be had from the Go module proxy. It names the types that `kpt alpha rollouts` mentions, so that kpt
// compiles; the tests never run that command, and nothing else of kpt uses the module.
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Progressive is the one strategy that `kpt alpha rollouts advance` asks for by name.
const Progressive = "Progressive"

// AddToScheme registers nothing: no client is ever made.
func AddToScheme(*runtime.Scheme) error { return nil }

// Rollout has the fields that kpt reads and no other.
type Rollout struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec   RolloutSpec
	Status RolloutStatus
}

// RolloutList is what `kpt alpha rollouts get` prints.
type RolloutList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []Rollout
}

// RolloutSpec holds the strategy.
type RolloutSpec struct{ Strategy Strategy }

// Strategy is how a rollout advances.
type Strategy struct {
	Type        string
	Progressive ProgressiveStrategy
}

// ProgressiveStrategy pauses after a wave.
type ProgressiveStrategy struct{ PauseAfterWave PauseAfterWave }

// PauseAfterWave names the wave.
type PauseAfterWave struct{ WaveName string }

// RolloutStatus is what the tables of `kpt alpha rollouts` are made of.
type RolloutStatus struct {
	Overall         string
	WaveStatuses    []WaveStatus
	ClusterStatuses []ClusterStatus
}

// WaveStatus is one wave and its clusters.
type WaveStatus struct {
	Name            string
	ClusterStatuses []ClusterStatus
}

// ClusterStatus is one cluster.
type ClusterStatus struct {
	Name          string
	PackageStatus PackageStatus
}

// PackageStatus is the package in a cluster.
type PackageStatus struct{ PackageID, Status, SyncStatus string }

// DeepCopyObject makes a Rollout a runtime.Object.
func (r *Rollout) DeepCopyObject() runtime.Object { c := *r; return &c }

// DeepCopyObject makes a RolloutList a runtime.Object.
func (l *RolloutList) DeepCopyObject() runtime.Object { c := *l; return &c }
