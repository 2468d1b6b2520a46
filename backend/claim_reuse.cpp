#include "backend/claim_reuse.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace podramp::backend {
namespace {

constexpr const char* kClaimVolume = "persistentVolumeClaim";

bool can_stand_for(const Manifest& there, const ClaimSpec& wanted, bool larger_fits) {
  if (!there.claim || there.claim->storage_class != wanted.storage_class) return false;
  return larger_fits ? there.claim->request_bytes >= wanted.request_bytes
                     : there.claim->request_bytes == wanted.request_bytes;
}

// The pod's volume that uses this claim, as it would have to stand among its own.
std::optional<Volume> volume_of(const Pod& pod, const std::string& claim) {
  const auto uses = [&](const Volume& volume) { return volume.type == kClaimVolume && volume.source == claim; };
  if (const auto own = std::ranges::find_if(pod.own_volumes, uses); own != pod.own_volumes.end()) return *own;
  const auto shared = std::ranges::find_if(pod.tmpl->volumes, uses);
  if (shared == pod.tmpl->volumes.end()) return std::nullopt;
  const bool hidden = std::ranges::find(pod.own_volumes, shared->name, &Volume::name) != pod.own_volumes.end();
  return hidden ? std::nullopt : std::optional(*shared);
}

PodPtr with_own_volume(const Pod& pod, Volume volume) {
  Pod changed = pod;
  const auto own = std::ranges::find(changed.own_volumes, volume.name, &Volume::name);
  if (own == changed.own_volumes.end()) {
    changed.own_volumes.push_back(std::move(volume));
  } else {
    *own = std::move(volume);
  }
  return std::make_shared<const Pod>(std::move(changed));
}

}  // namespace

std::vector<ManifestPtr> reusable_claims(const std::vector<ManifestPtr>& listed, const std::set<std::string>& in_use,
                                         TimeUs now, DurationUs age_min_us) {
  std::vector<ManifestPtr> reusable;
  for (const ManifestPtr& claim : listed) {
    const std::int64_t age_ms = now / kMillisecondUs - claim->created_us / kMillisecondUs;
    if (!in_use.contains(claim->name) && age_ms > age_min_us / kMillisecondUs) reusable.push_back(claim);
  }
  return reusable;
}

PodWithClaims replace_claims(PodWithClaims built, std::vector<ManifestPtr>& reusable, bool larger_fits) {
  std::vector<Manifest> left;
  for (Manifest& claim : built.claims) {
    const auto match = std::ranges::find_if(
        reusable, [&](const ManifestPtr& there) { return can_stand_for(*there, claim.claim.value(), larger_fits); });
    std::optional<Volume> volume;
    if (match != reusable.end()) volume = volume_of(*built.pod, claim.name);
    if (!volume) {
      left.push_back(std::move(claim));
      continue;
    }
    volume->source = (*match)->name;
    built.pod = with_own_volume(*built.pod, *std::move(volume));
    reusable.erase(match);
  }
  built.claims = std::move(left);
  return built;
}

}  // namespace podramp::backend
