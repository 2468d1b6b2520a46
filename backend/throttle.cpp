#include "backend/throttle.h"

#include <algorithm>

namespace podramp::backend {
namespace {

constexpr std::size_t kFirstTableLength = 16;

// The table doubles while its k-th key finds k >= floor(0.75 * length).
std::uint64_t table_length(std::size_t keys) {
  std::uint64_t length = kFirstTableLength;
  while (keys >= length * 3 / 4) length *= 2;
  return length;
}

}  // namespace

std::vector<std::int64_t> split_slots(std::size_t consumers, std::int64_t slots) {
  CHECK(consumers > 0);
  CHECK(slots >= 0);
  const auto n = static_cast<std::int64_t>(consumers);
  std::vector<std::int64_t> shares(consumers, slots / n);
  std::for_each(shares.begin(), shares.begin() + slots % n, [](std::int64_t& share) { ++share; });
  return shares;
}

std::vector<std::int64_t> split_slots_by_need(const std::vector<std::int64_t>& needs, std::int64_t slots) {
  std::vector<std::int64_t> shares(needs.size(), 0);
  while (slots > 0) {
    std::vector<std::size_t> hungry;
    for (std::size_t i = 0; i < needs.size(); ++i) {
      if (shares[i] < needs[i]) hungry.push_back(i);
    }
    if (hungry.empty()) break;
    const std::vector<std::int64_t> parts = split_slots(hungry.size(), slots);
    for (std::size_t i = 0; i < hungry.size(); ++i) {
      const std::int64_t taken = std::min(parts[i], needs[hungry[i]] - shares[hungry[i]]);
      shares[hungry[i]] += taken;
      slots -= taken;
    }
  }
  return shares;
}

Allowance allow_creates(const CreateBounds& bounds) {
  Allowance allowed{bounds.missing, Limit::none};
  const auto bound = [&](std::int64_t most, Limit limit) {
    if (most < allowed.count) allowed = {most, limit};
  };
  bound(bounds.batch_size, Limit::batch_size);
  bound(bounds.share, bounds.only_profile ? Limit::pending_cap : Limit::profile_share);
  bound(bounds.profile_room, Limit::pending_cap);
  allowed.count = std::max<std::int64_t>(allowed.count, 0);
  return allowed;
}

std::vector<ExecutorId> first_in_hash_order(const std::vector<ExecutorId>& ids, std::int64_t count) {
  struct Slot {
    std::uint64_t bucket;
    std::uint64_t hash;
    ExecutorId id;
  };
  const std::uint64_t mask = table_length(ids.size()) - 1;
  std::vector<Slot> slots;
  slots.reserve(ids.size());
  for (const ExecutorId id : ids) {
    const auto key = static_cast<std::uint64_t>(id);
    const std::uint64_t hash = key ^ (key >> 16U);
    slots.push_back({hash & mask, hash, id});
  }
  std::sort(slots.begin(), slots.end(),
            [](const Slot& a, const Slot& b) { return a.bucket != b.bucket ? a.bucket < b.bucket : a.hash < b.hash; });
  const auto taken = std::min(static_cast<std::int64_t>(slots.size()), std::max<std::int64_t>(count, 0));
  std::vector<ExecutorId> first;
  first.reserve(static_cast<std::size_t>(taken));
  for (std::int64_t i = 0; i < taken; ++i) first.push_back(slots[static_cast<std::size_t>(i)].id);
  std::sort(first.begin(), first.end());
  return first;
}

DurationUs creation_timeout_us(DurationUs batch_delay_us, DurationUs executor_timeout_us) {
  return std::max(5 * batch_delay_us, executor_timeout_us);
}

}  // namespace podramp::backend
