#include "fakeapi/replies.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::fakeapi::replies {
namespace {

struct KindWords {
  std::string_view resource;  // as messages about a request name it
  std::string_view kind;      // as messages about a body name it
};

KindWords words(Kind kind) {
  switch (kind) {
    case Kind::pod: return {"pods", "Pod"};
    case Kind::node: return {"nodes", "Node"};
    case Kind::persistent_volume_claim: return {"persistentvolumeclaims", "PersistentVolumeClaim"};
    case Kind::config_map: return {"configmaps", "ConfigMap"};
    case Kind::service: return {"services", "Service"};
    case Kind::stateful_set: return {"statefulsets.apps", "StatefulSet.apps"};
    case Kind::deployment: return {"deployments.apps", "Deployment.apps"};
    case Kind::replica_set: return {"replicasets.apps", "ReplicaSet.apps"};
    case Kind::daemon_set: return {"daemonsets.apps", "DaemonSet.apps"};
    case Kind::name_space: return {"namespaces", "Namespace"};
    case Kind::event: return {"events", "Event"};
    case Kind::secret: return {"secrets", "Secret"};
    case Kind::service_account: return {"serviceaccounts", "ServiceAccount"};
    case Kind::resource_quota: return {"resourcequotas", "ResourceQuota"};
    case Kind::limit_range: return {"limitranges", "LimitRange"};
    case Kind::lease: return {"leases.coordination.k8s.io", "Lease.coordination.k8s.io"};
    case Kind::persistent_volume: return {"persistentvolumes", "PersistentVolume"};
    case Kind::priority_class: return {"priorityclasses.scheduling.k8s.io", "PriorityClass.scheduling.k8s.io"};
    case Kind::storage_class: return {"storageclasses.storage.k8s.io", "StorageClass.storage.k8s.io"};
    case Kind::pod_disruption_budget: return {"poddisruptionbudgets.policy", "PodDisruptionBudget.policy"};
    case Kind::role: return {"roles.rbac.authorization.k8s.io", "Role.rbac.authorization.k8s.io"};
    case Kind::role_binding: return {"rolebindings.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io"};
    case Kind::cluster_role: return {"clusterroles.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io"};
    case Kind::cluster_role_binding:
      return {"clusterrolebindings.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"};
    case Kind::job: return {"jobs.batch", "Job.batch"};
  }
  return {};
}

}  // namespace

ApiReply success(int code, PodPtr object) {
  ApiReply reply;
  reply.code = code;
  reply.resource_version = object == nullptr ? 0 : object->resource_version;
  reply.object = std::move(object);
  return reply;
}

ApiReply success(int code, ManifestPtr object) {
  ApiReply reply;
  reply.code = code;
  reply.resource_version = object == nullptr ? 0 : object->resource_version;
  reply.manifest = std::move(object);
  return reply;
}

ApiReply error(int code, std::string_view reason, std::string message) {
  ApiReply reply;
  reply.code = code;
  reply.reason = std::string(reason);
  reply.message = std::move(message);
  return reply;
}

ApiReply transport(Transport how) {
  ApiReply reply;
  reply.transport = how;
  return reply;
}

ApiReply not_found(std::string_view pod) { return not_found(Kind::pod, pod); }
ApiReply already_exists(std::string_view pod) { return already_exists(Kind::pod, pod); }
ApiReply injected(int code, std::int64_t retry_after_s, std::string_view object) {
  switch (code) {
    case 403: return forbidden(object, "injected by a fault");
    case 404: return not_found(object);
    case 409: return already_exists(object);
    case 422: return invalid(object, {"injected by a fault"});
    case 429: return too_many_requests(retry_after_s);
    case 503: return error(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    case 504: return server_timeout();
    default: return error(code, "InternalError", "Internal error occurred: injected by a fault");
  }
}

ApiReply conflict(std::string_view pod, std::string_view why) {
  return error(409, "Conflict", fmt::format("Operation cannot be fulfilled on Pod \"{}\": {}", pod, why));
}
ApiReply forbidden(std::string_view pod, std::string_view why) { return forbidden(Kind::pod, pod, why); }
ApiReply invalid(std::string_view pod, const std::vector<std::string>& causes) {
  return invalid(Kind::pod, pod, causes);
}

ApiReply not_found(Kind kind, std::string_view name) {
  return error(404, "NotFound", fmt::format("{} \"{}\" not found", words(kind).resource, name));
}

ApiReply already_exists(Kind kind, std::string_view name) {
  return error(409, "AlreadyExists", fmt::format("{} \"{}\" already exists", words(kind).resource, name));
}

ApiReply conflict(Kind kind, std::string_view name, std::string_view why) {
  return error(409, "Conflict",
               fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", words(kind).resource, name, why));
}

ApiReply forbidden(Kind kind, std::string_view name, std::string_view why) {
  return error(403, "Forbidden", fmt::format("{} \"{}\" is forbidden: {}", words(kind).resource, name, why));
}

ApiReply invalid(Kind kind, std::string_view name, const std::vector<std::string>& causes) {
  return error(422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", words(kind).kind, name, aggregate(causes)));
}

ApiReply bad_request(std::string message) { return error(400, "BadRequest", std::move(message)); }

ApiReply expired(std::string message) { return error(410, "Expired", std::move(message)); }

ApiReply too_many_requests(std::int64_t retry_after_s) {
  ApiReply reply = error(429, "TooManyRequests", "Too many requests, please try again later.");
  reply.retry_after_s = retry_after_s;
  return reply;
}

ApiReply too_large_version(std::uint64_t wanted, std::uint64_t current) {
  ApiReply reply =
      error(504, "Timeout", fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current));
  reply.retry_after_s = 1;
  return reply;
}

ApiReply server_timeout() {
  return error(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
}

std::string aggregate(const std::vector<std::string>& errors) {
  std::vector<std::string> once;
  for (const std::string& e : errors) {
    if (std::ranges::find(once, e) == once.end()) once.push_back(e);
  }
  return once.size() == 1 ? once.front() : fmt::format("[{}]", fmt::join(once, ", "));
}

}  // namespace podramp::fakeapi::replies
