// The arithmetic of the allocator's throttle: how free pending slots are split between profiles, how many executors
// may be created now and what limits that, and which pending pods Spark picks as excess. Pure functions, no state.
// Who calls them and when: snapshot_allocator.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/port/step.h"

namespace podramp::backend {

// Slots per consumer, in the consumers' order: the first slots % consumers get one more (02 1.6). consumers >= 1,
// slots >= 0.
std::vector<std::int64_t> split_slots(std::size_t consumers, std::int64_t slots);

// The fix unused-shares: as above, but what a consumer does not need goes to the others, again in equal parts. needs:
// >= 0, one per consumer.
std::vector<std::int64_t> split_slots_by_need(const std::vector<std::int64_t>& needs, std::int64_t slots);

// What bounds one profile's creates in one round (02 1.3 step 12).
struct CreateBounds {
  std::int64_t missing = 0;       // target - have
  std::int64_t batch_size = 0;    // allocation.batch.size
  std::int64_t share = 0;         // of the free pending slots
  bool only_profile = true;       // no other profile wants pods: the share is all the free slots
  std::int64_t profile_room = 0;  // maxPendingPodsPerRp - its not-running pods (from 4.1)
};

// count is the smallest bound and at least 0; limited_by names the bound when it is below `missing`. Of equal bounds
// batch.size is named before the share, the share before the room of the profile.
struct Allowance {
  std::int64_t count = 0;
  Limit limited_by = Limit::none;
};
Allowance allow_creates(const CreateBounds& bounds);

// The first `count` of `ids` in the order in which a Scala 2.13 mutable.HashMap with exactly these keys iterates
// (02 1.7), sorted ascending. ids: distinct, 0 <= id < 2^31. count < 0 counts as 0.
std::vector<ExecutorId> first_in_hash_order(const std::vector<ExecutorId>& ids, std::int64_t count);

// How long a created pod may stay out of every snapshot: the executor time-out is a floor, not the value (02 1.1).
DurationUs creation_timeout_us(DurationUs batch_delay_us, DurationUs executor_timeout_us);

}  // namespace podramp::backend
