#include "sim/fluid_engine.h"

#include <algorithm>
#include <cmath>

#include "backend/port/status.h"

namespace podramp::sim {
namespace {

constexpr double kUnit = 1 << 20;  // fixed-point units in a byte
constexpr double kNeverUs = 4e18;  // further away than any run

}  // namespace

FluidEngine::FluidEngine(const EnginePlatform& platform)
    : platform_(platform),
      table_(platform.registry_bytes_per_s.size(), platform.node_bytes_per_s.size()),
      next_end_{kNever, 0},
      next_class_(classes_.end()) {
  check_platform(platform);
}

void FluidEngine::run(Body& body) {
  CHECK(!ran_);
  ran_ = true;
  while (true) {
    const std::optional<TimeUs> wanted = body.turn(now_, table_.take_ended(now_));
    if (!wanted) return;
    CHECK(*wanted >= now_);
    if (table_.has_ended()) continue;
    if (changed_) reshare();
    const TimeUs end = next_end_.us + (next_end_.fraction > kSameTickUs ? 1 : 0);
    now_ = std::min(*wanted, end);
    if (now_ == kNever) return;
    if (end == now_) end_due_transfers();
  }
}

void FluidEngine::start(const Transfer& transfer) {
  const Slot slot = table_.start(transfer);
  if (slot == TransferTable::kNone) return;
  catch_up();
  flows_.resize(std::max(flows_.size(), table_.slot_count()));
  const auto beside = table_.on_node(transfer.node);
  if (beside.size() == 2) {  // the flow that was alone shares its link from now on
    const Slot other = beside[0];
    join(other, leave(other));
  }
  join(slot, static_cast<Bytes>(transfer.bytes) * static_cast<Bytes>(kUnit));
}

bool FluidEngine::cancel(TransferId id) {
  const Slot slot = table_.find(id);
  if (slot == TransferTable::kNone) return table_.forget_end(id);
  catch_up();
  const std::int32_t node = table_.transfer(slot).node;
  leave(slot);
  table_.forget(slot);
  leave_node_to_one(node);
  return true;
}

void FluidEngine::set_node(std::int32_t node, bool on) {
  const auto alive = table_.set_node(node, on);
  if (on || alive.empty()) return;
  catch_up();
  due_.assign(alive.begin(), alive.end());
  for (const Slot slot : due_) {
    const std::int32_t receiver = table_.transfer(slot).node;
    leave(slot);
    table_.end(slot, false);
    if (receiver != node) leave_node_to_one(receiver);
  }
}

FluidEngine::ClassKey FluidEngine::key_of(Slot slot) const {
  const Transfer& transfer = table_.transfer(slot);
  const std::int64_t capacity = platform_.node_bytes_per_s[index_of(transfer.node)];
  const bool alone = table_.on_node(transfer.node).size() == 1;
  const auto registries = static_cast<std::int32_t>(platform_.registry_bytes_per_s.size());
  const std::int32_t source = transfer.source >= 0 ? registries + transfer.source : transfer.registry;
  const ZoneCrossing crossing = crossing_of(platform_, transfer);
  return {alone ? -1 : transfer.node, capacity, source, crossing.out, crossing.in};
}

// Puts a flow into the class where it belongs now.
void FluidEngine::join(Slot slot, Bytes remaining) {
  const auto c = classes_.try_emplace(key_of(slot)).first;
  Flow& flow = flows_[index_of(slot)];
  flow = {table_.order(slot), c->second.served + remaining, c};
  ++c->second.flows;
  c->second.heap.push_back({flow.finish, flow.order, slot});
  std::push_heap(c->second.heap.begin(), c->second.heap.end(), Later{});
  changed_ = true;
}

// Takes a flow out of its class; returns what it has still to receive.
FluidEngine::Bytes FluidEngine::leave(Slot slot) {
  Flow& flow = flows_[index_of(slot)];
  const Bytes remaining = flow.finish - flow.of->second.served;
  flow.order = 0;
  if (--flow.of->second.flows == 0) classes_.erase(flow.of);
  changed_ = true;
  return remaining;
}

// The last flow left on a node shares its link with nobody any more: back to the class of its like keeps classes few.
void FluidEngine::leave_node_to_one(std::int32_t node) {
  if (table_.on_node(node).size() != 1) return;
  const Slot last = table_.on_node(node)[0];
  if (flows_[index_of(last)].of->first.node >= 0) join(last, leave(last));
}

// Drops heap entries of flows that left, until the first one is true.
void FluidEngine::purge(Classes::iterator c) {
  std::vector<HeapEntry>& heap = c->second.heap;
  const auto stale = [&](const HeapEntry& e) {
    const Flow& flow = flows_[index_of(e.slot)];
    return flow.order != e.order || flow.of != c || flow.finish != e.finish;
  };
  while (!heap.empty() && stale(heap.front())) {
    std::pop_heap(heap.begin(), heap.end(), Later{});
    heap.pop_back();
  }
}

// Counts the service up to this turn, before something changes in it.
void FluidEngine::catch_up() {
  if (clock_ < Instant{now_, 0}) move_clock({now_, 0});
}

void FluidEngine::move_clock(Instant to) {
  const double delta_us = static_cast<double>(to.us - clock_.us) + (to.fraction - clock_.fraction);
  clock_ = to;
  for (auto& [key, c] : classes_) c.served += static_cast<Bytes>(c.rate * delta_us / 1e6 * kUnit);
}

void FluidEngine::reshare() {
  changed_ = false;
  fair_classes_.clear();
  side_capacity_.clear();
  std::int32_t node = -1;
  for (const auto& [key, c] : classes_) {  // a shared node's classes stand together: node is the first part of the key
    if (key.node < 0) {
      side_capacity_.push_back(static_cast<double>(key.capacity) * static_cast<double>(c.flows));
    } else if (key.node != node) {
      side_capacity_.push_back(static_cast<double>(key.capacity));
    }
    node = key.node;
    fair_classes_.push_back(
        {key.source, static_cast<std::int32_t>(side_capacity_.size()) - 1, c.flows, 0, key.zone_out, key.zone_in});
  }
  shared_capacity_.clear();
  number_sources();
  number_zones();
  if (!fair_classes_.empty()) {
    fair_share_.solve(shared_capacity_.empty() ? platform_.registry_bytes_per_s : shared_capacity_, side_capacity_,
                      fair_classes_);
  }
  std::size_t i = 0;
  for (auto& [key, c] : classes_) c.rate = fair_classes_[i++].rate;
  find_next_end();
}

// While nodes send, the senders in use get numbers from 0, so that sharing does not look at all nodes.
void FluidEngine::number_sources() {
  const auto registries = static_cast<std::int32_t>(platform_.registry_bytes_per_s.size());
  sources_.clear();
  if (std::ranges::none_of(fair_classes_, [&](const FairClass& c) { return c.registry >= registries; })) return;
  for (const FairClass& c : fair_classes_) sources_.push_back(c.registry);
  std::ranges::sort(sources_);
  sources_.erase(std::unique(sources_.begin(), sources_.end()), sources_.end());
  for (const std::int32_t source : sources_) {
    shared_capacity_.push_back(source < registries ? platform_.registry_bytes_per_s[index_of(source)]
                                                   : platform_.node_bytes_per_s[index_of(source - registries)]);
  }
  for (FairClass& c : fair_classes_) {
    const auto place = std::ranges::lower_bound(sources_, c.registry);
    c.registry = static_cast<std::int32_t>(place - sources_.begin());
  }
}

// Zones' links come after the sources': all outwards, then all inwards.
void FluidEngine::number_zones() {
  const std::vector<std::int64_t>& zones = platform_.zone_bytes_per_s;
  if (zones.empty()) return;
  if (shared_capacity_.empty()) shared_capacity_ = platform_.registry_bytes_per_s;
  const auto out = static_cast<std::int32_t>(shared_capacity_.size());
  const auto in = out + static_cast<std::int32_t>(zones.size());
  for (int way = 0; way < 2; ++way) shared_capacity_.insert(shared_capacity_.end(), zones.begin(), zones.end());
  for (FairClass& c : fair_classes_) {
    if (c.zone_out >= 0) c.zone_out += out;
    if (c.zone_in >= 0) c.zone_in += in;
  }
}

void FluidEngine::find_next_end() {
  next_end_ = {kNever, 0};
  next_class_ = classes_.end();
  for (auto c = classes_.begin(); c != classes_.end(); ++c) {
    purge(c);
    const Bytes remaining = std::max<Bytes>(c->second.heap.front().finish - c->second.served, 0);
    const double us = clock_.fraction + static_cast<double>(remaining) / kUnit * 1e6 / c->second.rate;
    if (!(us < kNeverUs)) continue;
    const double whole = std::floor(us);
    const Instant end{clock_.us + static_cast<TimeUs>(whole), us - whole};
    if (end < next_end_) {
      next_end_ = end;
      next_class_ = c;
    }
  }
}

// Everything whose end counts as now_, end after end, because each changes the others' rates.
void FluidEngine::end_due_transfers() {
  while (next_end_.us + (next_end_.fraction > kSameTickUs ? 1 : 0) <= now_) {
    move_clock(next_end_);
    // The division was rounded: the class has served exactly what its first flow waited for.
    Class& first = next_class_->second;
    first.served = std::max(first.served, first.heap.front().finish);
    due_.clear();
    for (auto c = classes_.begin(); c != classes_.end(); ++c) {
      for (purge(c); !c->second.heap.empty() && c->second.heap.front().finish <= c->second.served; purge(c)) {
        const Slot slot = c->second.heap.front().slot;
        due_.push_back(slot);
        flows_[index_of(slot)].order = 0;  // makes the entry stale
      }
    }
    for (const Slot slot : due_) {
      const std::int32_t node = table_.transfer(slot).node;
      leave(slot);
      table_.end(slot, true);
      leave_node_to_one(node);
    }
    reshare();
  }
}

}  // namespace podramp::sim
