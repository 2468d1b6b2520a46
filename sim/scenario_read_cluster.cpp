// Reads "kubernetes" and "cluster" of a scenario, but for nodes (scenario_read_nodes.cpp).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fakeapi/quota_scopes.h"
#include "sim/scenario_read.h"
#include "sim/scenario_scheduling.h"

namespace podramp::sim {
namespace {

void use_profile(ReadState& state, ObjectReader& at, std::string_view key, const std::string& name) {
  if (const auto profile = fakeapi::find_profile(name)) {
    state.scenario.cluster.profile = *profile;
  } else {
    at.error(key, fmt::format("unknown profile \"{}\"; known are {}{}", name, fmt::join(fakeapi::kProfileNames, ", "),
                              did_you_mean(name, fakeapi::kProfileNames)));
  }
}

// {"constant":"5ms"} | {"median","sigma","max"} | {"uniform":["1s","6s"]} | {"quantiles":{"50":"5ms","99":"80ms"}}
void read_quantiles(ObjectReader& reader, fakeapi::LatencyModel& model) {
  model.kind = fakeapi::LatencyKind::quantiles;
  reader.each_member("quantiles", [&](const JsonValue& member, const std::string& path) {
    JsonValue percent;
    percent.kind = JsonKind::string;
    percent.text = member.key;
    const Result<std::int64_t> thousandths = as_thousandths(percent);
    if (!thousandths || *thousandths < 0 || *thousandths > 100'000 || *thousandths % 100 != 0) {
      reader.reading().error(member, path, "a quantile is a percentage such as \"50\" or \"99.9\"");
      return;
    }
    const Result<DurationUs> value = as_duration(member);
    if (!value) {
      reader.reading().error(member, path, value.error().message);
      return;
    }
    model.points.emplace_back(static_cast<int>(*thousandths / 100), *value);
  });
  std::ranges::sort(model.points);
  if (model.points.empty()) reader.error("quantiles", "needs at least one quantile");
  for (std::size_t i = 1; i < model.points.size(); ++i) {
    if (model.points[i].first == model.points[i - 1].first) {
      reader.error("quantiles", "the same quantile is given twice");
    } else if (model.points[i].second < model.points[i - 1].second) {
      reader.error("quantiles", fmt::format("values must not fall: the value at {}% is below the one before it",
                                            static_cast<double>(model.points[i].first) / 10.0));
    }
  }
}

// Measured values, each as likely.
void read_samples(ObjectReader& reader, fakeapi::LatencyModel& model) {
  model.kind = fakeapi::LatencyKind::empirical;
  reader.each_item("samples", [&](const JsonValue& item, const std::string& path) {
    const Result<DurationUs> sample = as_duration(item);
    if (sample) {
      model.samples.push_back(*sample);
    } else {
      reader.reading().error(item, path, sample.error().message);
    }
  });
  if (model.samples.empty()) reader.error("samples", "needs at least one duration");
}

void read_uniform(ObjectReader& reader, fakeapi::LatencyModel& model) {
  model.kind = fakeapi::LatencyKind::uniform;
  std::vector<DurationUs> bounds;
  reader.each_item("uniform", [&](const JsonValue& item, const std::string& path) {
    const Result<DurationUs> bound = as_duration(item);
    if (!bound) {
      reader.reading().error(item, path, bound.error().message);
      return;
    }
    bounds.push_back(*bound);
  });
  if (bounds.size() != 2 || bounds[0] > bounds[1]) {
    reader.error("uniform", "must be two durations, the lower one first");
    return;
  }
  model.base_us = bounds[0];
  model.high_us = bounds[1];
}

}  // namespace

void read_latency_model(ReadState& state, const JsonValue& value, const std::string& path,
                        fakeapi::LatencyModel& into) {
  ObjectReader reader(state.reading, value, path);
  const int kinds = int{reader.has("constant")} + int{reader.has("median")} + int{reader.has("uniform")} +
                    int{reader.has("quantiles")} + int{reader.has("exponential")} + int{reader.has("samples")};
  if (value.kind == JsonKind::object && kinds != 1) {
    state.reading.error(value, path,
                        "must have exactly one of constant, median, uniform, quantiles, exponential, samples");
  }
  fakeapi::LatencyModel model;
  if (reader.read("constant", model.base_us, as_duration)) model.kind = fakeapi::LatencyKind::constant;
  if (reader.read("median", model.base_us, as_duration)) model.kind = fakeapi::LatencyKind::lognormal;
  for (const std::string_view key : {"sigma", "max"}) {
    if (reader.has(key) && !reader.has("median")) reader.error(key, "goes only with median");
  }
  reader.read("sigma", model.sigma_milli, as_thousandths);
  if (reader.read("max", model.high_us, as_duration) && model.high_us == 0) reader.error("max", "must be above zero");
  if (reader.find("uniform") != nullptr) read_uniform(reader, model);
  if (reader.find("quantiles") != nullptr) read_quantiles(reader, model);
  if (reader.read("exponential", model.base_us, as_duration)) model.kind = fakeapi::LatencyKind::exponential;
  if (reader.find("samples") != nullptr) read_samples(reader, model);
  reader.finish();
  into = model;
}

namespace {

void read_latency(ReadState& state, ObjectReader& cluster) {
  std::vector<std::string_view> known;
  for (const auto& [name, member] : fakeapi::Latencies::kByName) known.push_back(name);
  cluster.each_member("latency", [&](const JsonValue& value, const std::string& path) {
    for (const auto& [name, member] : fakeapi::Latencies::kByName) {
      if (name == value.key) return read_latency_model(state, value, path, state.scenario.cluster.latency.*member);
    }
    state.reading.error(value, path,
                        "unknown latency" + did_you_mean(value.key, known) + "; known are " +
                            fmt::format("{}", fmt::join(known, ", ")));
  });
}

void read_quotas(ReadState& state, ObjectReader& cluster) {
  auto& quotas = state.scenario.cluster.quotas;
  cluster.each_item("quotas", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::QuotaSpec quota;
    reader.require("namespace", quota.ns, as_dns_label);
    quota.name = "quota";
    reader.read("name", quota.name, as_dns_subdomain);
    quota.hard = read_hard(reader);
    quota.scopes = read_scopes(reader);
    reader.finish();
    if (std::ranges::any_of(quotas, [&](const auto& q) { return q.ns == quota.ns && q.name == quota.name; })) {
      reader.error("name", fmt::format("namespace \"{}\" has a quota \"{}\" already", quota.ns, quota.name));
    }
    quotas.push_back(std::move(quota));
  });
}

void check_order(ObjectReader& reader, const Resources& low, const Resources& high, std::string_view key,
                 std::string_view what) {
  if ((low.cpu_milli && high.cpu_milli && *low.cpu_milli > *high.cpu_milli) ||
      (low.memory_bytes && high.memory_bytes && *low.memory_bytes > *high.memory_bytes)) {
    reader.error(key, std::string(what));
  }
}

void read_limit_ranges(ReadState& state, ObjectReader& cluster) {
  auto& ranges = state.scenario.cluster.limit_ranges;
  cluster.each_item("limit_ranges", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::LimitRangeSpec range;
    reader.require("namespace", range.ns, as_dns_label);
    range.name = "limits";
    reader.read("name", range.name, as_dns_subdomain);
    read_amounts(reader, "default_request", range.default_request);
    read_amounts(reader, "default", range.default_limit);
    read_amounts(reader, "min", range.min);
    read_amounts(reader, "max", range.max);
    check_order(reader, range.min, range.max, "min", "must not be above max");
    check_order(reader, range.default_request, range.default_limit, "default_request", "must not be above default");
    check_order(reader, range.default_limit, range.max, "default", "must not be above max");
    reader.finish();
    if (std::ranges::any_of(ranges, [&](const auto& r) { return r.ns == range.ns && r.name == range.name; })) {
      reader.error("name", fmt::format("namespace \"{}\" has a limit range \"{}\" already", range.ns, range.name));
    }
    ranges.push_back(std::move(range));
  });
}

}  // namespace

std::optional<QuotaUnit> quota_unit(std::string_view resource) {
  if (resource == "pods" || resource == "count/pods") return QuotaUnit::count;
  std::string_view name = resource;
  for (const std::string_view prefix : {"requests.", "limits."}) {
    if (resource.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  if (name == "cpu") return QuotaUnit::cpu_milli;
  if (name == "memory" || name == "ephemeral-storage") return QuotaUnit::bytes;
  if (resource.starts_with("requests.") && name.find('/') != std::string_view::npos) return QuotaUnit::count;  // K39
  return std::nullopt;
}

std::vector<std::string> read_scopes(ObjectReader& quota) {
  std::vector<std::string> scopes = quota.texts("scopes");
  for (const std::string& scope : scopes) {
    if (fakeapi::is_scope(scope)) continue;
    quota.error("scopes", fmt::format("unknown scope \"{}\"; known are Terminating, NotTerminating, BestEffort, "
                                      "NotBestEffort, PriorityClass:NAME",
                                      scope));
  }
  return scopes;
}

fact::Usage read_hard(ObjectReader& quota) {
  static constexpr std::array<std::string_view, 12> kKnown{"pods",
                                                           "count/pods",
                                                           "cpu",
                                                           "memory",
                                                           "requests.cpu",
                                                           "requests.memory",
                                                           "limits.cpu",
                                                           "limits.memory",
                                                           "ephemeral-storage",
                                                           "requests.ephemeral-storage",
                                                           "limits.ephemeral-storage",
                                                           "requests.nvidia.com/gpu"};
  fact::Usage hard;
  if (quota.find_required("hard") == nullptr) return hard;
  quota.each_member("hard", [&](const JsonValue& value, const std::string& path) {
    const auto unit = quota_unit(value.key);
    if (!unit) {
      quota.reading().error(
          value, path, "pods do not use this resource, so no quota on it is kept" + did_you_mean(value.key, kKnown));
      return;
    }
    const Result<std::int64_t> amount = *unit == QuotaUnit::cpu_milli ? as_cpu_milli(value)
                                        : *unit == QuotaUnit::bytes   ? as_bytes(value)
                                                                      : as_count(value);
    if (amount) {
      hard[value.key] = *amount;
    } else {
      quota.reading().error(value, path, amount.error().message);
    }
  });
  return hard;
}

void read_resources(ObjectReader& object, Resources& into) {
  std::int64_t amount = 0;
  if (object.read("cpu", amount, as_cpu_milli)) into.cpu_milli = amount;
  if (object.read("memory", amount, as_bytes)) into.memory_bytes = amount;
  object.each_member("resources", [&](const JsonValue& value, const std::string& path) {
    if (value.key == "cpu" || value.key == "memory") {
      object.reading().error(value, path, "is a key of its own, outside resources");
      return;
    }
    const Result<std::int64_t> count = as_count(value);
    if (count) {
      into.other[value.key] = *count;
    } else {
      object.reading().error(value, path, count.error().message);
    }
  });
}

void read_amounts(ObjectReader& reader, std::string_view key, Resources& into) {
  const JsonValue* value = reader.find(key);
  if (value == nullptr) return;
  ObjectReader amounts(reader.reading(), *value, reader.path_of(key));
  read_resources(amounts, into);
  amounts.finish();
}

void read_kubernetes(ReadState& state, ObjectReader& top) {
  const JsonValue* value = top.find("kubernetes");
  if (value == nullptr) return;
  if (value->is_scalar()) {
    std::string name;
    if (top.read("kubernetes", name, as_text)) use_profile(state, top, "kubernetes", name);
    return;
  }
  ObjectReader reader(state.reading, *value, "kubernetes");
  std::string name;
  if (reader.read("profile", name, as_text)) use_profile(state, reader, "profile", name);
  auto& profile = state.scenario.cluster.profile;
  for (const ProfileDuration& field : kProfileDurations) {
    DurationUs& into = profile.*field.member;
    const bool off = field.name.starts_with("shutdown_grace");  // 0 is off
    if (reader.read(field.name, into, as_duration) && into == 0 && !off) {
      reader.error(field.name, "must be above zero");
    }
  }
  for (const ProfileNumber& field : kProfileNumbers) {
    std::int64_t number = 0;
    if (reader.read(field.name, number, whole_between(field.low, field.high))) {
      profile.*field.member = static_cast<int>(number);
    }
  }
  DurationUs toleration = 0;
  if (reader.read("toleration", toleration, as_duration)) {
    if (toleration % kSecondUs != 0) reader.error("toleration", "must be whole seconds, as in Kubernetes");
    profile.toleration_s = toleration / kSecondUs;
  }
  if (profile.shutdown_grace_critical_us > profile.shutdown_grace_us) {
    reader.error("shutdown_grace_period_critical_pods", "is a part of shutdown_grace_period: must not be above it");
  }
  if (profile.watch_timeout_min_us > profile.watch_timeout_max_us) {
    reader.error("watch_timeout_min", "must not be above watch_timeout_max");
  }
  reader.finish();
}

void read_cluster(ReadState& state, ObjectReader& top) {
  static const JsonValue kNothing = [] {
    JsonValue empty;
    empty.kind = JsonKind::object;
    return empty;
  }();
  const JsonValue* value = state.imported ? top.find("cluster") : top.find_required("cluster");
  if (value == nullptr && !state.imported) return;
  ObjectReader cluster(state.reading, value == nullptr ? kNothing : *value, "cluster");
  read_images(state, cluster);
  read_nodes(state, cluster);
  read_autoscaler(state, cluster);
  read_zones(state, cluster);
  read_api_server(state, cluster);
  for (const std::string_view key : {"quotas", "limit_ranges"}) {
    if (state.imported && cluster.find(key) != nullptr) {
      state.warn(fmt::format("cluster.{}", key), "is replaced by what the cluster file says");
    }
  }
  if (!state.imported) {
    read_quotas(state, cluster);
    read_limit_ranges(state, cluster);
  }
  read_claims(state, cluster);
  read_scheduling(state, cluster);
  read_daemon_sets(state, cluster);
  read_latency(state, cluster);
  cluster.read("parallel_pulls", state.scenario.cluster.parallel_pulls, as_flag);
  std::int64_t most_pulls = 0;
  if (cluster.read("max_parallel_pulls", most_pulls, whole_between(1, 1'000'000))) {
    if (!state.scenario.cluster.parallel_pulls) cluster.error("max_parallel_pulls", "goes with parallel_pulls");
    state.scenario.cluster.max_parallel_pulls = static_cast<int>(most_pulls);
  }
  cluster.finish();
}

}  // namespace podramp::sim
