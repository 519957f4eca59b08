package oip

import (
	"context"

	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// health is grpc.health.v1, as Kubernetes and load balancers ask it. It has no Watch.
type health struct {
	*Server
	grpc_health_v1.UnimplementedHealthServer
}

// Check implements the service: of the whole server, or of the inference service.
func (h *health) Check(_ context.Context, q *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if q.Service != "" && q.Service != inferencepb.GRPCInferenceService_ServiceDesc.ServiceName {
		return nil, failf(notFound, "there is no service %q", q.Service)
	}
	status := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if h.isReady() {
		status = grpc_health_v1.HealthCheckResponse_SERVING
	}
	return &grpc_health_v1.HealthCheckResponse{Status: status}, nil
}
