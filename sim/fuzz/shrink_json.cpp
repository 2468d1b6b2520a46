// Shrinking: shrink.h says what.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/fuzz/shrink.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;
using Path = Json::json_pointer;

// Without these a healthy run would fail too, or another one.
constexpr std::array<std::string_view, 8> kKept{"schema", "seed",   "end",        "until",
                                                "fixes",  "expect", "settles_by", "at"};
// Where the most falls off at once, first.
constexpr std::array<const char*, 9> kFirst{
    "/faults",        "/timeline",           "/background_load", "/background",
    "/applications",  "/cluster/autoscaler", "/cluster/nodes",   "/cluster/daemon_sets",
    "/cluster/quotas"};

bool is_kept(std::string_view key) { return std::ranges::find(kKept, key) != kKept.end(); }

class Shrinker {
 public:
  Shrinker(Json whole, bool ties, const std::function<bool(const SwarmRun&)>& fails, std::int64_t tries_max)
      : whole_(std::move(whole)), ties_(ties), fails_(fails), tries_max_(tries_max) {}

  Shrunk run() {
    if (ties_ && try_it(whole_, false)) ties_ = false;
    bool smaller = true;
    while (smaller && tries_ < tries_max_) {
      smaller = false;
      for (const char* path : kFirst) smaller |= thin_out(Path(path));
      for (const Path& path : paths()) smaller |= leave_out(path);
      for (const Path& path : paths()) smaller |= halve(path);
    }
    return {{whole_.dump(2) + "\n", ties_}, tries_, entries(), !smaller};
  }

 private:
  bool try_it(const Json& candidate, bool ties) {
    if (tries_ >= tries_max_) return false;
    ++tries_;
    return fails_({candidate.dump(), ties});
  }
  bool accept(Json candidate) {
    if (!try_it(candidate, ties_)) return false;
    whole_ = std::move(candidate);
    return true;
  }

  // Items of a list, half of them at a time, then a quarter ..., then one by one.
  bool thin_out(const Path& path) {
    bool smaller = false;
    if (!whole_.contains(path) || !whole_[path].is_array()) return false;
    for (std::size_t chunk = whole_[path].size(); chunk > 0; chunk /= 2) {
      for (std::size_t at = 0; at < whole_[path].size();) {
        Json candidate = whole_;
        Json& list = candidate[path];
        const std::size_t end = std::min(at + chunk, list.size());
        const auto first = list.begin() + static_cast<std::ptrdiff_t>(at);
        const Json gone(std::vector<Json>(first, list.begin() + static_cast<std::ptrdiff_t>(end)));
        list.erase(first, list.begin() + static_cast<std::ptrdiff_t>(end));
        forget(candidate, path, gone);
        if (accept(std::move(candidate))) {
          smaller = true;
        } else {
          at += chunk;
        }
      }
    }
    return smaller;
  }

  // What names an application that goes, goes with it.
  static void forget(Json& candidate, const Path& path, const Json& gone) {
    if (path != Path("/applications")) return;
    for (const Json& application : gone) {
      const std::string name = application.value("name", "");
      for (const char* list : {"timeline", "faults"}) {
        if (!candidate.contains(list)) continue;
        Json kept = Json::array();
        for (const Json& entry : candidate[list]) {
          if (entry.value("application", "") != name) kept.push_back(entry);
        }
        candidate[list] = std::move(kept);
      }
    }
  }

  // Every member and item, those that hold others before these.
  std::vector<Path> paths() const {
    std::vector<Path> all;
    collect(whole_, Path(), all);
    return all;
  }
  static void collect(const Json& at, const Path& path, std::vector<Path>& all) {
    if (at.is_object()) {
      for (const auto& [key, value] : at.items()) {
        if (is_kept(key)) continue;
        const Path member = path / key;
        all.push_back(member);
        collect(value, member, all);
      }
    } else if (at.is_array()) {
      // From the back, so that the paths that follow stay right when one goes.
      for (std::size_t i = at.size(); i-- > 0;) {
        const Path item = path / i;
        all.push_back(item);
        collect(at[i], item, all);
      }
    }
  }

  bool leave_out(const Path& path) {
    if (!whole_.contains(path)) return false;
    Json candidate = whole_;
    Json& holder = candidate[path.parent_pointer()];
    if (holder.is_array()) {
      holder.erase(std::stoul(path.back()));
    } else {
      holder.erase(path.back());
    }
    return accept(std::move(candidate));
  }

  static std::optional<std::int64_t> number(const Json& value) {
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return n;
  }

  // To 1, else to half, as far as it goes.
  bool halve(const Path& path) {
    bool smaller = false;
    while (whole_.contains(path)) {
      const auto n = number(whole_[path]);
      if (!n || *n <= 1) break;
      bool accepted = false;
      for (const std::int64_t to : {std::int64_t{1}, *n / 2, *n - 1}) {
        Json candidate = whole_;
        candidate[path] = whole_[path].is_string() ? Json(std::to_string(to)) : Json(to);
        accepted = accept(std::move(candidate));
        if (accepted) break;
      }
      if (!accepted) break;
      smaller = true;
    }
    return smaller;
  }

  std::int64_t entries() const {
    std::int64_t count = 0;
    for (const char* list : {"timeline", "faults"}) {
      if (whole_.contains(list)) count += static_cast<std::int64_t>(whole_[list].size());
    }
    return count;
  }

  Json whole_;
  bool ties_;
  const std::function<bool(const SwarmRun&)>& fails_;
  std::int64_t tries_max_;
  std::int64_t tries_ = 0;
};

Result<Json> parse(const std::string& text) {
  Json whole = Json::parse(text, nullptr, false, true);
  if (!whole.is_object()) return tl::unexpected(Error{"the scenario is no JSON object"});
  return whole;
}

}  // namespace

Result<Shrunk> shrink(const SwarmRun& run, const std::function<bool(const SwarmRun&)>& fails, std::int64_t tries_max) {
  auto whole = parse(run.scenario);
  if (!whole) return tl::unexpected(whole.error());
  return Shrinker(std::move(*whole), run.ties_shuffled, fails, tries_max).run();
}

Result<std::string> with_seed(const std::string& scenario, std::uint64_t seed) {
  auto whole = parse(scenario);
  if (!whole) return tl::unexpected(whole.error());
  (*whole)["seed"] = seed;
  return whole->dump(2) + "\n";
}

std::string with_about(const std::string& scenario, const std::string& about) {
  Json whole = Json::parse(scenario);
  whole["about"] = about;
  return whole.dump(2) + "\n";
}

}  // namespace podramp::sim
