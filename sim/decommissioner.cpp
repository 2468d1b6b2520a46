#include "sim/decommissioner.h"

#include <fmt/format.h>

#include <optional>

namespace podramp::sim {

class Decommissioner::Leaving final : private BlockMigration::Links {
 public:
  Leaving(Decommissioner& all, Key key, Seq cause) : all_(all), key_(std::move(key)), cause_(cause) {}

  // Blocks move from a turn of their own on: of several that are told at once each knows that the others leave, too.
  void begin(TimeUs now) {
    start_token_ = wake_at(now);
    look_token_ = wake_at(now + kLeavingLookUs);
  }
  void wake(TimeUs now, std::uint64_t token) {
    if (token == start_token_) return start(now);
    if (token == look_token_) return look(now);
    if (migration_) migration_->wake(now, token);
  }
  void transfer_ended(TimeUs now, TransferId id, bool ok) {
    if (migration_) migration_->transfer_ended(now, id, ok);
  }
  void peer_stopped(TimeUs now, ExecutorId peer) {
    if (migration_) migration_->peer_stopped(now, peer);
  }
  void stop() {
    if (migration_) migration_->stop();
    migration_.reset();
  }

 private:
  void start(TimeUs now) {
    const Application& app = all_.applications_.at(key_.first);
    BlockStore* store = all_.runner_.blocks(key_.first);
    if (store != nullptr && app.conf.moves_blocks()) {
      node_ = all_.world_.node_of(key_.first, key_.second).value();
      const std::string name = fmt::format("{}/{}", app.name, key_.second);
      migration_.emplace(static_cast<BlockMigration::Links&>(*this), *store, app.conf,
                         BlockMigration::Owner{key_.second, node_, name, all_.seed_});
      migration_->start(now);
    }
  }
  void look(TimeUs now) {
    const auto& [application, executor] = key_;
    if (may_go() && all_.world_.end_executor(application, executor, cause_)) return stop();
    look_token_ = wake_at(now + kLeavingLookUs);
  }
  bool may_go() const {
    const auto& [application, executor] = key_;
    if (all_.runner_.running_on(application, executor) > 0) return false;
    return !migration_ || migration_->is_done(all_.runner_.last_end_us(application, executor));
  }

  std::uint64_t wake_at(TimeUs at) override {
    const std::uint64_t token = ++all_.next_token_;
    all_.tokens_[token] = key_;
    all_.world_.wake_leaving(at, token);
    return token;
  }
  TransferId upload(std::int32_t to, std::int64_t bytes) override {
    const TransferId id = all_.next_transfer_++;
    all_.transfers_[id] = key_;
    all_.world_.start_transfer({id, 0, to, bytes, node_});
    return id;
  }
  void cancel(TransferId id) override {
    if (all_.transfers_.erase(id) > 0) all_.world_.cancel_transfer(id);
  }
  std::vector<ExecutorId> peers() const override {
    std::vector<ExecutorId> peers = all_.world_.registered(key_.first);
    std::erase_if(peers, [&](ExecutorId id) { return id == key_.second || !accepts(id); });
    return peers;
  }
  bool accepts(ExecutorId peer) const override { return !all_.leaving_.contains({key_.first, peer}); }
  std::optional<std::int32_t> node_of(ExecutorId peer) const override { return all_.world_.node_of(key_.first, peer); }
  bool node_up(std::int32_t node) const override { return all_.world_.node_up(node); }
  void tell_driver(const in::BlockUpdated& block) override {
    all_.world_.tell_driver(key_.first, block.executor, block, cause_);
  }

  Decommissioner& all_;
  Key key_;
  Seq cause_;
  std::int32_t node_ = 0;
  std::optional<BlockMigration> migration_;
  std::uint64_t start_token_ = 0;
  std::uint64_t look_token_ = 0;
};

Decommissioner::Decommissioner(ExecutorWorld& world, TaskRunner& runner, std::uint64_t seed)
    : world_(world), runner_(runner), seed_(seed) {}
Decommissioner::~Decommissioner() = default;

void Decommissioner::add_application(std::uint32_t application, std::string name,
                                     const backend::DecommissionConf& conf) {
  applications_[application] = {std::move(name), conf};
}

bool Decommissioner::listens(std::uint32_t application) const { return applications_.at(application).conf.enabled; }

void Decommissioner::begin(TimeUs now, std::uint32_t application, ExecutorId executor, Seq cause) {
  if (!listens(application)) return;
  const auto [it, is_new] = leaving_.try_emplace({application, executor});
  if (!is_new) return;
  it->second = std::make_unique<Leaving>(*this, it->first, cause);
  it->second->begin(now);
}

void Decommissioner::executor_stopped(TimeUs now, std::uint32_t application, ExecutorId executor) {
  if (const auto gone = leaving_.extract({application, executor})) gone.mapped()->stop();
  for (auto it = leaving_.lower_bound({application, 0}); it != leaving_.end() && it->first.first == application; ++it) {
    it->second->peer_stopped(now, executor);
  }
}

void Decommissioner::wake(TimeUs now, std::uint64_t token) {
  const auto woken = tokens_.extract(token);
  if (!woken) return;
  const auto it = leaving_.find(woken.mapped());
  if (it != leaving_.end()) it->second->wake(now, token);
}

void Decommissioner::transfer_ended(TimeUs now, TransferId id, bool ok) {
  const auto ended = transfers_.extract(id);
  if (!ended) return;
  const auto it = leaving_.find(ended.mapped());
  if (it != leaving_.end()) it->second->transfer_ended(now, id, ok);
}

}  // namespace podramp::sim
