// The direct allocator as a subscriber of the snapshot store: SnapshotAllocator decides, this says when its rounds run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/claim_builder.h"
#include "backend/executor_allocator.h"
#include "backend/pod_builder.h"
#include "backend/recovery_mode.h"
#include "backend/snapshot_allocator.h"

namespace podramp::backend {

class DirectPods final : public ExecutorAllocator {
 public:
  // table and calls must outlive this.
  DirectPods(const Application& application, const ExecutorTable& table, ApiCalls& calls);

  void start(TimeUs now, const PodPtr& driver_pod, Outbox& out) override;
  bool set_targets(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) override;
  void conf_changed() override;
  void push(const SnapshotChange& change) override { runs_.push(change); }
  void request(TimeUs now, RoundTrigger trigger, Outbox& out) override;
  void resume(TimeUs now, const Completed& completed, Outbox& out) override;
  bool is_deleted(ExecutorId id) const override { return allocator_.is_deleted(id); }
  const std::optional<out::Exited>& fatal() const override { return fatal_; }
  std::int64_t take_failed_creates() override { return allocator_.take_failed_creates(); }
  void on_oom() override { recovery_.on_oom(); }
  void stop(Outbox& out) override { runs_.stop(out); }
  bool busy() const override { return runs_.busy(); }
  void drop_run() override { allocator_.drop_round(); }
  std::vector<ApiRequest> clean_up() const override;
  void fill(Books& books) const override;
  std::string describe() const override;

 private:
  void ran(TimeUs now, Progress progress, Outbox& out);
  Result<PodWithClaims> build(ExecutorId id, ProfileId profile);

  const Application& app_;
  std::optional<PodBuilder> builder_;  // once the driver pod is known
  ClaimBuilder claims_;
  RecoveryMode recovery_;
  SnapshotAllocator allocator_;
  Subscriber runs_;
  std::optional<out::Exited> fatal_;
};

}  // namespace podramp::backend
