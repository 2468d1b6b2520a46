// What an allocation round costs: it must not depend on how many pods run, only on what changed, pends or is new.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>
#include <variant>

#include "backend/snapshot_allocator.h"

namespace podramp::backend {
namespace {

PodPtr pod(ExecutorId id, PodPhase phase, const TemplatePtr& tmpl) {
  Pod made;
  made.name = "etl-exec-" + std::to_string(id);
  made.tmpl = tmpl;
  made.own_labels["spark-exec-id"] = std::to_string(id);
  made.phase = phase;
  return std::make_shared<const Pod>(std::move(made));
}

TemplatePtr executor_template() {
  PodTemplate tmpl;
  tmpl.labels["spark-exec-resourceprofile-id"] = "0";
  return share(std::move(tmpl));
}

AllocatorSettings settings() {
  AllocatorSettings made;
  made.app_id = "spark-1";
  made.ns = "jobs";
  return made;
}

// An empty round with state.range(0) running pods.
void quiet_round(benchmark::State& state) {
  const TemplatePtr tmpl = executor_template();
  ExecutorTable table;
  ApiCalls calls{RetryPolicy{}};
  SnapshotAllocator allocator(
      settings(),
      [&](ExecutorId id, ProfileId) {
        return PodWithClaims{pod(id, PodPhase::pending, tmpl), {}};
      },
      table, calls);
  auto all = std::make_shared<std::map<ExecutorId, PodState>>();
  for (ExecutorId id = 1; id <= state.range(0); ++id) {
    all->emplace(id, PodState{ExecutorState::running, pod(id, PodPhase::running, tmpl)});
  }
  Outbox out;
  allocator.set_targets({{kDefaultProfile, state.range(0)}});
  allocator.begin_round(0, RoundTrigger::timer, {{std::nullopt, {}, all, 0}}, out);
  TimeUs now = 0;
  for (auto _ : state) {
    now += kSecondUs;
    benchmark::DoNotOptimize(allocator.begin_round(now, RoundTrigger::timer, {}, out));
  }
}
BENCHMARK(quiet_round)->Arg(500)->Arg(5'000)->Arg(50'000)->Arg(500'000);

// A ramp from nothing to state.range(0) executors in batches of 10; each batch runs before the next round.
void ramp(benchmark::State& state) {
  const TemplatePtr tmpl = executor_template();
  for (auto _ : state) {
    ExecutorTable table;
    ApiCalls calls{RetryPolicy{}};
    SnapshotAllocator allocator(
        settings(),
        [&](ExecutorId id, ProfileId) {
          return PodWithClaims{pod(id, PodPhase::pending, tmpl), {}};
        },
        table, calls);
    allocator.set_targets({{kDefaultProfile, state.range(0)}});
    SnapshotBatch batch;
    for (TimeUs now = 0; allocator.last_id() < state.range(0); now += kSecondUs) {
      Outbox out;
      const ExecutorId before = allocator.last_id();
      Progress progress = allocator.begin_round(now, RoundTrigger::timer, std::exchange(batch, {}), out);
      while (progress == Progress::waiting) {
        in::Replied replied;
        for (const Effect& effect : out.take()) {
          if (const auto* called = std::get_if<out::Called>(&effect)) replied.call = called->call;
        }
        replied.reply.code = 201;
        progress = allocator.resume(now, *calls.on_reply(now, replied, out), out);
      }
      for (ExecutorId id = before + 1; id <= allocator.last_id(); ++id) {
        batch.push_back({id, {ExecutorState::running, pod(id, PodPhase::running, tmpl)}, nullptr, 0});
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ramp)->Arg(500)->Arg(5'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace podramp::backend
