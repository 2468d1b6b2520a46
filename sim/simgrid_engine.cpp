// How SimGrid is driven (04 1.6, 9, 10). No actors: a transfer is a host-to-host Comm, and one kernel timer stands for
// our next date. While a transfer is alive SimGrid's run() is the outer loop and the timer's callback gives the body
// its turn; the completion callback only notes the end and arms the timer for it. With nothing alive SimGrid is not
// stepped; its clock is caught up just before the next transfer starts. Order at one date is never SimGrid's.
#include "sim/simgrid_engine.h"

// version.h does not stand alone, so it comes last.
// clang-format off
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u/Comm.hpp>
#include <simgrid/s4u/Engine.hpp>
#include <simgrid/s4u/Host.hpp>
#include <simgrid/s4u/Link.hpp>
#include <simgrid/s4u/NetZone.hpp>
#include <xbt/log.h>
#include <simgrid/version.h>
// clang-format on

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/status.h"
#include "sim/transfer_table.h"

namespace podramp::sim {
namespace {

namespace s4u = simgrid::s4u;
using simgrid::kernel::timer::Timer;

// ---- What differs between SimGrid 3.32 and 4.x (04 8), and nothing else. ----

#if SIMGRID_VERSION >= 33400
constexpr const char* kTimePrecision = "precision/timing";
constexpr const char* kWorkPrecision = "precision/work-amount";
#else
constexpr const char* kTimePrecision = "surf/precision";
constexpr const char* kWorkPrecision = "maxmin/precision";
#endif

void on_comm_completion(const std::function<void(const s4u::Comm&)>& callback) {
#if SIMGRID_VERSION >= 33400
  s4u::Comm::on_completion_cb(callback);
#else
  s4u::Activity::on_completion_cb([callback](const s4u::Activity& activity) {
    if (const auto* comm = dynamic_cast<const s4u::Comm*>(&activity)) callback(*comm);
  });
#endif
}

s4u::NetZone* make_star_zone(s4u::Engine& engine) {
#if SIMGRID_VERSION >= 40000
  return engine.get_netzone_root()->add_netzone_star("cluster");
#else
  static_cast<void>(engine);
  return s4u::create_star_zone("cluster");
#endif
}

s4u::SplitDuplexLink* make_link(s4u::NetZone& star, const std::string& name, std::int64_t bytes_per_s) {
  const double bandwidth = static_cast<double>(bytes_per_s);
#if SIMGRID_VERSION >= 40000
  s4u::SplitDuplexLink* link = star.add_split_duplex_link("link-" + name, bandwidth);
#else
  s4u::SplitDuplexLink* link = star.create_split_duplex_link("link-" + name, bandwidth);
#endif
  link->set_latency(0);
  link->seal();
  return link;
}

// A star within a star, with a link of its own to the outer one's centre, or none when bytes_per_s is 0. What stays
// inside does not cross it. (A host of the outer star itself has no route to hosts of an inner one.)
s4u::NetZone* make_inner_zone(s4u::NetZone& star, const std::string& name, std::int64_t bytes_per_s) {
  std::vector<s4u::LinkInRoute> route;
  if (bytes_per_s > 0) route.emplace_back(make_link(star, name, bytes_per_s), s4u::LinkInRoute::Direction::UP);
#if SIMGRID_VERSION >= 40000
  s4u::NetZone* zone = star.add_netzone_star(name);
  auto* router = zone->add_router("router-" + name);
#else
  s4u::NetZone* zone = s4u::create_star_zone(name)->set_parent(&star);
  auto* router = zone->create_router("router-" + name);
#endif
#if SIMGRID_VERSION >= 33500
  zone->set_gateway(router);
  star.add_route(zone, nullptr, route, true);
#else
  star.add_route(zone->get_netpoint(), nullptr, router, nullptr, route, true);
#endif
  return zone;
}

// A host with a link of its own to the star's centre.
s4u::Host* make_host(s4u::NetZone& star, const std::string& name, std::int64_t bytes_per_s) {
#if SIMGRID_VERSION >= 40000
  s4u::Host* host = star.add_host(name, 1.0);
#else
  s4u::Host* host = star.create_host(name, 1.0);
#endif
  const std::vector<s4u::LinkInRoute> route{
      s4u::LinkInRoute(make_link(star, name, bytes_per_s), s4u::LinkInRoute::Direction::UP)};
#if SIMGRID_VERSION >= 33500
  star.add_route(host, nullptr, route, true);
#else
  star.add_route(host->get_netpoint(), nullptr, nullptr, nullptr, route, true);
#endif
  host->seal();
  return host;
}

// ---- end of the differences ----

double seconds(TimeUs t) { return static_cast<double>(t) * 1e-6; }

// The engine takes over SIGINT, SIGSEGV and SIGBUS (04 6); the process keeps its own handlers.
class KeepSignalHandlers {
 public:
  KeepSignalHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &kept_[i]);
  }
  ~KeepSignalHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &kept_[i], nullptr);
  }
  KeepSignalHandlers(const KeepSignalHandlers&) = delete;
  KeepSignalHandlers& operator=(const KeepSignalHandlers&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals{SIGINT, SIGSEGV, SIGBUS};
  std::array<struct sigaction, 3> kept_{};
};

class SimGridEngine : public Engine {
 public:
  explicit SimGridEngine(const EnginePlatform& platform);

  const EnginePlatform& platform() const override { return platform_; }
  void run(Body& body) override;
  void start(const Transfer& transfer) override;
  bool cancel(TransferId id) override;
  void set_node(std::int32_t node, bool on) override;

 private:
  using Slot = TransferTable::Slot;

  void build();
  void step();
  void arm();
  void on_timer() noexcept;
  void on_completion(const s4u::Comm& comm) noexcept;
  void catch_up();
  void drop_all();
  void park(Slot slot);
  void release_parked();
  double clock() const { return s4u::Engine::get_clock(); }

  EnginePlatform platform_;
  TransferTable table_;
  s4u::Engine* engine_ = nullptr;  // lives as long as the process: SimGrid cannot have a second one
  std::vector<s4u::Host*> registries_;
  std::vector<s4u::Host*> nodes_;
  std::vector<s4u::CommPtr> comms_;  // by slot
  // Comms that are over, until SimGrid's clock has moved on: it still touches them after their callback.
  std::deque<std::pair<double, s4u::CommPtr>> parked_;
  Body* body_ = nullptr;
  Timer* timer_ = nullptr;  // deletes itself when it fires
  TimeUs now_ = 0;          // of the turn
  TimeUs due_ = 0;          // of the next turn
  bool inside_ = false;     // SimGrid's run() is on the stack: its clock is at now_
  bool stopped_ = false;
};

SimGridEngine::SimGridEngine(const EnginePlatform& platform)
    : platform_(platform), table_(platform.registry_bytes_per_s.size(), platform.node_bytes_per_s.size()) {
  PODRAMP_CHECK(!s4u::Engine::has_instance(), "SimGrid has one engine per process: fork for a second run");
  const KeepSignalHandlers keep;
  xbt_log_control_set("root.thres:critical");
  engine_ = new s4u::Engine("podramp");
  // Plain max-min sharing, nothing else (04 3).
  s4u::Engine::set_config("network/model:CM02");
  s4u::Engine::set_config("network/bandwidth-factor:1");
  s4u::Engine::set_config("network/latency-factor:1");
  s4u::Engine::set_config("network/weight-S:0");
  s4u::Engine::set_config("network/crosstraffic:0");
  // Ends this close after a date join it, so that rounding does not split an instant; finer shares than the default.
  s4u::Engine::set_config(std::string(kTimePrecision) + ":1e-7");
  static_assert(kSameTickUs == 0.1);
  s4u::Engine::set_config(std::string(kWorkPrecision) + ":1e-9");
  build();
  on_comm_completion([this](const s4u::Comm& comm) { on_completion(comm); });
}

void SimGridEngine::build() {
  check_platform(platform_);
  s4u::NetZone* star = make_star_zone(*engine_);
  std::vector<s4u::NetZone*> zones;
  for (const std::int64_t rate : platform_.zone_bytes_per_s) {
    zones.push_back(make_inner_zone(*star, "zone-" + std::to_string(zones.size()), rate));
  }
  s4u::NetZone* outside = zones.empty() ? star : make_inner_zone(*star, "outside", 0);
  const auto add = [&](const char* kind, const std::vector<std::int64_t>& rates,
                       const std::vector<std::int32_t>& zone_of, std::vector<s4u::Host*>& hosts) {
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const std::int32_t zone = zone_of.empty() ? -1 : zone_of[i];
      hosts.push_back(make_host(zone < 0 ? *outside : *zones[index_of(zone)], kind + std::to_string(i), rates[i]));
    }
  };
  add("registry-", platform_.registry_bytes_per_s, platform_.registry_zone, registries_);
  add("node-", platform_.node_bytes_per_s, platform_.node_zone, nodes_);
  star->seal();  // and all that is in it
}

void SimGridEngine::run(Body& body) {
  CHECK(body_ == nullptr);
  body_ = &body;
  while (true) {
    step();
    if (!stopped_ && table_.alive() > 0) {
      arm();
      inside_ = true;
      engine_->run();  // comes back when nothing is alive
      inside_ = false;
    }
    if (stopped_ || due_ == kNever) return;
  }
}

// One turn, at due_; sets the next due_.
void SimGridEngine::step() {
  now_ = due_;
  release_parked();
  const std::optional<TimeUs> wanted = body_->turn(now_, table_.take_ended(now_));
  stopped_ = !wanted.has_value();
  if (stopped_) {
    drop_all();
    return;
  }
  CHECK(*wanted >= now_);
  due_ = table_.has_ended() ? now_ : *wanted;
}

void SimGridEngine::arm() {
  if (timer_ != nullptr) timer_->remove();
  timer_ = nullptr;
  if (due_ == kNever) return;
  // Never in the past: the clock may be a rounding ahead of our date.
  timer_ = Timer::set(std::max(seconds(due_), clock()), [this] { on_timer(); });
}

void SimGridEngine::on_timer() noexcept {
  timer_ = nullptr;
  if (clock() <= seconds(due_)) {
    // Timers run before the completion callbacks of their date. The turn waits for those: one more hop, the smallest.
    const double date = std::max(std::nextafter(clock(), std::numeric_limits<double>::infinity()), 1e-12);
    timer_ = Timer::set(date, [this] { on_timer(); });
    return;
  }
  step();
  if (!stopped_ && (table_.alive() > 0 || table_.has_ended())) arm();
}

void SimGridEngine::on_completion(const s4u::Comm& comm) noexcept {
  const Slot slot = table_.find(reinterpret_cast<TransferId>(comm.get_data<void>()));
  if (slot == TransferTable::kNone || comms_[index_of(slot)].get() != &comm)
    return;  // cancelled, or its node went down
  park(slot);
  table_.end(slot, comm.get_state() == s4u::Activity::State::FINISHED);
  const TimeUs tick = static_cast<TimeUs>(std::ceil(clock() * 1e6 - kSameTickUs));
  const TimeUs due = std::max(now_, std::min(due_, tick));
  if (due == due_ && timer_ != nullptr) return;
  due_ = due;
  arm();
}

void SimGridEngine::start(const Transfer& transfer) {
  const Slot slot = table_.start(transfer);
  if (slot == TransferTable::kNone) return;
  if (!inside_) catch_up();
  s4u::Host* from = transfer.source >= 0 ? nodes_[index_of(transfer.source)] : registries_[index_of(transfer.registry)];
  s4u::Host* to = nodes_[index_of(transfer.node)];
  CHECK(from->is_on() && to->is_on());
  s4u::CommPtr comm = s4u::Comm::sendto_init();
  comm->set_payload_size(static_cast<std::uint64_t>(transfer.bytes));
  comm->set_data(reinterpret_cast<void*>(transfer.id));
  comm->set_source(from);
  comm->set_destination(to);  // this starts it: no start() (04 8)
  comms_.resize(std::max(comms_.size(), table_.slot_count()));
  comms_[index_of(slot)] = std::move(comm);
}

bool SimGridEngine::cancel(TransferId id) {
  const Slot slot = table_.find(id);
  if (slot == TransferTable::kNone) return table_.forget_end(id);
  const s4u::CommPtr comm = comms_[index_of(slot)];
  park(slot);
  table_.forget(slot);  // before cancel(), which calls back
  comm->cancel();
  return true;
}

void SimGridEngine::set_node(std::int32_t node, bool on) {
  const auto alive = table_.set_node(node, on);
  s4u::Host* host = nodes_[index_of(node)];
  if (on) {
    host->turn_on();
    return;
  }
  // The ends are ours, in our order; SimGrid then finds that it has nothing to report.
  for (const Slot slot : std::vector<Slot>(alive.begin(), alive.end())) {
    park(slot);
    table_.end(slot, false);
  }
  host->turn_off();
}

// Nothing was alive: SimGrid stands at an earlier date. It may stop up to 10 us early (04 5).
void SimGridEngine::catch_up() {
  while (clock() < seconds(now_)) engine_->run_until(seconds(now_));
}

void SimGridEngine::drop_all() {
  for (std::size_t slot = 0; slot < comms_.size(); ++slot) {
    if (comms_[slot] != nullptr) cancel(table_.transfer(static_cast<Slot>(slot)).id);
  }
}

void SimGridEngine::park(Slot slot) {
  parked_.emplace_back(clock(), std::move(comms_[index_of(slot)]));
  comms_[index_of(slot)] = nullptr;
}

void SimGridEngine::release_parked() {
  while (!parked_.empty() && parked_.front().first < clock()) parked_.pop_front();
}

}  // namespace

std::unique_ptr<Engine> make_simgrid_engine(const EnginePlatform& platform) {
  return std::make_unique<SimGridEngine>(platform);
}

}  // namespace podramp::sim
