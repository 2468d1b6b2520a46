// How a scenario is put together: base, conf files and --set change the text; then each part is read; then what the
// cluster file brought is fitted in. START HERE, then scenario_read_*.cpp in the order in which they are called.
#include "sim/scenario_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/scenario_conf.h"
#include "sim/scenario_profile.h"
#include "sim/scenario_read.h"
#include "sim/scenario_template.h"
#include "sim/scenario_tree.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kSchema = "podramp/v1";
constexpr std::string_view kAssumedImage = "podramp/assumed:1";
constexpr std::int64_t kAssumedImageBytes = 1LL << 30;

std::string stem(std::string_view file) {
  if (const std::size_t slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  if (const std::size_t dot = file.rfind(".json"); dot != std::string_view::npos) file = file.substr(0, dot);
  return std::string(file);
}

// A text that the scenario names, through the caller's reader; name becomes the file's path.
std::optional<std::string> read_other(ReadState& state, const ReadFile& read_file, ObjectReader& top,
                                      std::string_view key, std::string& name) {
  if (!top.read(key, name, as_text)) return std::nullopt;
  name = beside(state.reading.sources.front().name, name);
  if (!read_file) {
    top.error(key, "other files cannot be read from here");
    return std::nullopt;
  }
  const Result<std::string> text = read_file(name);
  if (!text) {
    state.reading.error(*top.find(key), std::string(key), text.error().message);
    return std::nullopt;
  }
  return *text;
}

std::optional<JsonValue> parse_source(ReadState& state, const NamedText& source) {
  ParseOptions options;
  options.source = state.reading.add_source(source.file, SourceKind::scenario);
  Parsed parsed = parse_json(source.file, source.text, options);
  state.reading.errors.insert(state.reading.errors.end(), parsed.errors.begin(), parsed.errors.end());
  if (!parsed.usable) return std::nullopt;
  if (parsed.root.kind != JsonKind::object) {
    state.reading.error(parsed.root, "", fmt::format("a scenario must be an object (got {})", describe(parsed.root)));
    return std::nullopt;
  }
  return std::move(parsed.root);
}

void merge_base_file(ReadState& state, JsonValue& root, const ReadFile& read_file) {
  ObjectReader top(state.reading, root, "");
  std::string name;
  const auto text = read_other(state, read_file, top, "base", name);
  if (!text) return;
  auto base = parse_source(state, {name, *text});
  if (!base) return;
  if (const JsonValue* again = base->find("base")) {
    state.reading.error(*again, "base", "a base has no base of its own");
    return;
  }
  std::erase_if(base->items, [](const JsonValue& item) { return item.key == "name" || item.key == "schema"; });
  merge_base(root, std::move(*base));
}

void merge_conf_text(ReadState& state, JsonValue& root, const NamedText& source, ConfLayer layer) {
  const int index = state.reading.add_source(source.file, SourceKind::conf_file);
  merge_conf(root, read_conf_lines(state, source), index, layer);
}

void import_text(ReadState& state, const NamedText& source) {
  auto imported = import_cluster(source);
  if (imported) {
    state.imported = std::move(*imported);
  } else {
    state.reading.errors.insert(state.reading.errors.end(), imported.error().begin(), imported.error().end());
    state.imported.emplace();  // so that what it would replace is not asked for
  }
}

// Everything that changes the text, lowest precedence first (design 3).
void prepare_text(ReadState& state, JsonValue& root, const ReadFile& read_file) {
  const Overrides& overrides = *state.overrides;
  merge_base_file(state, root, read_file);
  {
    ObjectReader top(state.reading, root, "");
    std::string name;
    if (const auto text = read_other(state, read_file, top, "conf_file", name)) {
      merge_conf_text(state, root, {name, *text}, ConfLayer::below);
    }
    if (overrides.cluster_file) {
      import_text(state, *overrides.cluster_file);
    } else if (const auto other = read_other(state, read_file, top, "cluster_file", name)) {
      import_text(state, {name, *other});
    }
  }
  if (overrides.conf_file) merge_conf_text(state, root, *overrides.conf_file, ConfLayer::above);
  load_profile_file(state, root, read_file);
  load_template_files(state, root, read_file);
  for (const std::string& set : overrides.sets) apply_set(state.reading, root, set);
}

Result<std::uint64_t> as_seed(const JsonValue& value) {
  std::uint64_t seed = 0;
  const auto [end, code] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), seed);
  if (value.kind != JsonKind::number || code != std::errc{} || end != value.text.data() + value.text.size()) {
    return tl::unexpected(
        Error{fmt::format("must be a whole number from 0 to 18446744073709551615 (got {})", describe(value))});
  }
  return seed;
}

void read_head(ReadState& state, ObjectReader& top, const std::string& file) {
  Scenario& scenario = state.scenario;
  std::string schema;
  if (top.require("schema", schema, as_text) && schema != kSchema) {
    top.error("schema", fmt::format("must be \"{}\" (got \"{}\")", kSchema, schema));
  }
  scenario.name = stem(file);
  top.read("name", scenario.name, as_text);
  top.read("about", scenario.about, as_text);
  top.read("seed", scenario.seed, as_seed);
  if (state.overrides->seed) scenario.seed = *state.overrides->seed;
  if (top.read("end", scenario.end_us, as_duration) && scenario.end_us == 0) top.error("end", "must be above zero");
  scenario.until_quiet = !top.has("end");
  top.read("until_quiet", scenario.until_quiet, as_flag);
}

// ---------------------------------------------------------------------------------------------- the cluster file

void install_imported(ReadState& state) {
  fakeapi::ClusterConfig& cluster = state.scenario.cluster;
  ImportedCluster& imported = *state.imported;
  for (std::uint32_t i = 0; i < imported.nodes.size(); ++i) state.nodes.emplace(imported.nodes[i].node.name, i);
  state.groups = imported.groups;
  cluster.nodes = imported.nodes;
  cluster.quotas = std::move(imported.quotas);
  cluster.limit_ranges = std::move(imported.limit_ranges);
  cluster.existing = std::move(imported.existing);
  for (fakeapi::PriorityClassSpec& one : imported.priority_classes) {
    const bool written = std::ranges::find(cluster.priority_classes, one.name, &fakeapi::PriorityClassSpec::name) !=
                         cluster.priority_classes.end();
    if (!written) cluster.priority_classes.push_back(std::move(one));
  }
  for (auto& spec : cluster.nodes) spec.node.images.clear();
  if (!imported.silent_nodes.empty()) {
    state.warn("nodes",
               fmt::format("{} of them were not Ready ({}, ...): they are silent from the start",
                           imported.silent_nodes.size(), imported.silent_nodes.front()),
               true);
    state.scenario.timeline.push_back({0, WorldAction(fakeapi::to::NodesDown{imported.silent_nodes, true})});
  }
  state.warnings.insert(state.warnings.end(), imported.warnings.begin(), imported.warnings.end());
}

// Where this image is, how big it is: warm caches from status.images.
void install_image(ReadState& state, const std::string& image, bool of_executors) {
  fakeapi::ClusterConfig& cluster = state.scenario.cluster;
  const std::string normal = normal_image_name(image);
  std::size_t warm = 0;
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const auto& there = state.imported->nodes[i].node.images;
    auto& images = cluster.nodes[i].node.images;
    if (std::ranges::find(there, normal) == there.end() || std::ranges::find(images, image) != images.end()) continue;
    images.push_back(image);
    ++warm;
  }
  const auto listed = std::ranges::find(cluster.images, image, &fakeapi::ImageSpec::name);
  const auto known = state.imported->image_bytes.find(normal);
  const bool is_known = listed != cluster.images.end() || known != state.imported->image_bytes.end();
  const std::int64_t bytes = listed != cluster.images.end() ? listed->bytes
                             : is_known                     ? known->second
                                                            : kAssumedImageBytes;
  if (listed == cluster.images.end()) cluster.images.push_back({image, bytes, 0});
  if (!of_executors) return;
  if (!is_known) {
    state.warn("image " + image,
               fmt::format("is in no node's cache and of unknown size: assumed to be {}, pulled by "
                           "every node (say otherwise in cluster.images)",
                           format_bytes(bytes)),
               true);
  } else if (warm < cluster.nodes.size()) {
    state.warn("image " + image, fmt::format("is in the cache of {} of {} nodes; the others pull {}", warm,
                                             cluster.nodes.size(), format_bytes(bytes)));
  }
}

void install_images(ReadState& state) {
  std::set<std::string> of_executors;
  for (const ApplicationSpec& application : state.scenario.applications) {
    if (auto image = executor_image(application); !image.empty()) of_executors.insert(std::move(image));
  }
  std::set<std::string> of_others;
  for (const auto& existing : state.scenario.cluster.existing) {
    const std::string& image = existing.pod.tmpl->containers.front().image;
    if (existing.pod.node.empty() && !image.empty() && image != "background") of_others.insert(image);
  }
  for (const std::string& image : of_executors) install_image(state, image, true);
  for (const std::string& image : of_others) install_image(state, image, false);
}

// A quota for a namespace in which nobody lives is legal and nearly always a slip.
void check_namespaces(ReadState& state) {
  std::map<std::string, int> used;
  for (const ApplicationSpec& application : state.scenario.applications) ++used[application.ns];
  for (const auto& existing : state.scenario.cluster.existing) ++used[existing.pod.ns];
  const auto check = [&](std::string subject, const std::string& ns) {
    if (used.contains(ns)) return;
    state.warn(std::move(subject),
               fmt::format("no application and no pod is in namespace \"{}\"{}", ns, did_you_mean(ns, names_of(used))));
  };
  for (const auto& quota : state.scenario.cluster.quotas) check("quota " + quota.name, quota.ns);
  for (const auto& range : state.scenario.cluster.limit_ranges) check("limit range " + range.name, range.ns);
  for (const TimelineEntry& entry : state.scenario.timeline) {
    const auto* world = std::get_if<WorldAction>(&entry.action);
    const auto* set = world == nullptr ? nullptr : std::get_if<fakeapi::to::SetQuota>(world);
    if (set != nullptr) check("timeline set_quota", set->quota.ns);
  }
}

void read_whole(ReadState& state, const JsonValue& root, const std::string& file) {
  ObjectReader top(state.reading, root, "");
  for (const std::string_view key : {"base", "conf_file", "cluster_file"}) top.find(key);
  read_head(state, top, file);
  read_kubernetes(state, top);
  if (state.imported) install_imported(state);
  read_cluster(state, top);
  read_applications(state, top);
  if (state.imported) install_images(state);
  read_background(state, top);
  read_background_load(state, top);
  read_timeline(state, top);
  read_faults(state, top);
  read_expect(state, top);
  read_published(state, top);
  read_live(state, top);
  read_processes(state, top);
  top.finish();
  check_namespaces(state);
}

// By file as read, then by line; one mistake that is found twice is told once.
FieldErrors in_order(const Reading& reading) {
  FieldErrors errors = reading.errors;
  const auto rank = [&](const FieldError& error) {
    const auto at = std::ranges::find(reading.sources, error.file, &Source::name);
    return std::pair(at - reading.sources.begin(), error.line);
  };
  std::ranges::stable_sort(errors, {}, rank);
  FieldErrors unique;
  for (FieldError& error : errors) {
    if (std::ranges::find(unique, error) == unique.end()) unique.push_back(std::move(error));
  }
  return unique;
}

}  // namespace

std::string beside(std::string_view scenario, const std::string& name) {
  const std::size_t slash = scenario.rfind('/');
  return slash == std::string_view::npos || name.starts_with('/') ? name
                                                                  : std::string(scenario.substr(0, slash + 1)) + name;
}

void ReadState::warn_if_late(const std::string& path, TimeUs at) {
  if (at <= scenario.end_us) return;
  warn(path, fmt::format("{} is after the end of the run ({}), so it never happens", format_time(at),
                         format_time(scenario.end_us)));
}

tl::expected<Loaded, FieldErrors> load_scenario(const NamedText& source, const ReadFile& read_base,
                                                const Overrides& overrides) {
  ReadState state;
  state.overrides = &overrides;
  if (auto root = parse_source(state, source)) {
    prepare_text(state, *root, read_base);
    read_whole(state, *root, source.file);
  }
  if (!state.reading.errors.empty()) return tl::unexpected(in_order(state.reading));
  return Loaded{std::move(state.scenario), std::move(state.warnings)};
}

tl::expected<Loaded, FieldErrors> make_scenario(const Overrides& overrides) {
  FieldErrors missing;
  if (!overrides.cluster_file) {
    missing.push_back({"", 0, "--cluster", "is missing: without a scenario, a cluster file says what the nodes are"});
  }
  if (!overrides.conf_file) {
    missing.push_back(
        {"", 0, "--conf-file", "is missing: without a scenario, a conf file says what the application is"});
  }
  if (!missing.empty()) return tl::unexpected(std::move(missing));
  const std::string name = application_name_of(*overrides.conf_file);
  const std::string text =
      fmt::format(R"({{"schema": "podramp/v1", "about": "Made from a conf file and a cluster file.",
                       "applications": [{{"name": "{}", "conf": {{"spark.kubernetes.container.image": "{}"}}}}]}})",
                  name, kAssumedImage);
  auto loaded = load_scenario({name, text}, {}, overrides);
  if (loaded && executor_image(loaded->scenario.applications.front()) == kAssumedImage) {
    loaded->warnings.push_back({"spark.kubernetes.container.image",
                                "is not set; Spark would not start without it, this run uses a name of its own", true});
  }
  return loaded;
}

}  // namespace podramp::sim
