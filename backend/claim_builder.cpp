#include "backend/claim_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/conf_values.h"
#include "backend/executor_volumes.h"
#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kOnDemand = "OnDemand";
constexpr std::string_view kIdMark = "SPARK_EXECUTOR_ID";

}  // namespace

ClaimBuilder::ClaimBuilder(const Conf& conf, std::string app_id, std::string prefix)
    : app_id_(std::move(app_id)),
      prefix_(std::move(prefix)),
      ns_(conf.ns),
      access_mode_(conf.read_write_once_claims ? "ReadWriteOnce" : "ReadWriteOncePod") {
  for (std::size_t i = 0; i < conf.volumes.size(); ++i) {
    if (conf.volumes[i].volume.type == kClaimType) volumes_.emplace_back(i, conf.volumes[i]);
  }
}

bool ClaimBuilder::makes_claims() const {
  return std::ranges::any_of(volumes_, [](const auto& indexed) {
    const StringMap& options = indexed.second.volume.options;
    return options.contains("storageClass") && options.contains("sizeLimit");
  });
}

Result<ExecutorClaims> ClaimBuilder::build(ExecutorId id) const {
  ExecutorClaims made;
  for (const auto& [index, written] : volumes_) {
    const Volume& shared = written.volume;
    Volume volume = shared;
    volume.source = replaced(shared.source, kOnDemand, fmt::format("{}-exec-{}-pvc-{}", prefix_, id, index));
    volume.source = replaced(volume.source, kIdMark, fmt::format("{}", id));
    const auto storage_class = volume.options.find("storageClass");
    const auto size = volume.options.find("sizeLimit");
    if (storage_class != volume.options.end() && size != volume.options.end()) {
      const auto bytes = parse_bytes(size->second);
      if (!bytes) return tl::unexpected(Error{fmt::format("volume {}: {}", volume.name, bytes.error().message)});
      Manifest claim;
      claim.kind = Kind::persistent_volume_claim;
      claim.name = volume.source;
      claim.ns = ns_;
      claim.labels = written.claim_labels;
      claim.labels[kAppLabel] = app_id_;
      claim.annotations = written.claim_annotations;
      claim.claim.emplace();
      claim.claim->storage_class = storage_class->second;
      claim.claim->request_bytes = *bytes;
      claim.claim->access_modes = {access_mode_};
      made.claims.push_back(std::move(claim));
    }
    if (volume.source != shared.source) made.volumes.push_back(std::move(volume));
  }
  return made;
}

}  // namespace podramp::backend
