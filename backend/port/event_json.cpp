#include "backend/port/event_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace podramp {
namespace {

using nlohmann::json;

// Thrown and caught inside this file only.
struct Unreadable {
  std::string why;
};

std::uint64_t parse_hex(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (code != std::errc{} || end != text.data() + text.size())
    throw Unreadable{fmt::format("\"{}\" is not a hash", text)};
  return value;
}

class JsonReader {
 public:
  JsonReader(const json& object, PodMemory& memory) : object_(object), memory_(memory) {
    if (!object.is_object()) throw Unreadable{"an object was expected"};
  }

  template <class T>
  void operator()(std::string_view name, T& v) {
    const auto it = object_.find(name);
    if (it != object_.end()) read(*it, v);
  }

 private:
  void read(const json& j, std::string& v) { v = j.get<std::string>(); }
  void read(const json& j, bool& v) { v = j.get<bool>(); }
  template <std::integral T>
  void read(const json& j, T& v) {
    if (!j.is_number_integer()) throw Unreadable{fmt::format("{} is not a whole number", j.dump())};
    v = j.get<T>();
  }
  void read(const json& j, CallId& v) { read(j, v.value); }
  template <NamedEnum E>
  void read(const json& j, E& v) {
    const auto named = from_text<E>(j.get<std::string>());
    if (!named) throw Unreadable{fmt::format("{} is not a known name", j.dump())};
    v = *named;
  }
  template <class T>
  void read(const json& j, std::optional<T>& v) {
    read(j, v.emplace());
  }
  template <class T>
  void read(const json& j, std::vector<T>& v) {
    for (const json& item : j) read(item, v.emplace_back());
  }
  template <class K, class V, class C>
  void read(const json& j, std::map<K, V, C>& v) {
    for (const auto& [k, item] : j.items()) {
      if constexpr (std::integral<K>) {
        K number = 0;
        const auto [end, code] = std::from_chars(k.data(), k.data() + k.size(), number);
        if (code != std::errc{}) throw Unreadable{fmt::format("\"{}\" is not a whole number", k)};
        read(item, v[number]);
      } else {
        read(item, v[k]);
      }
    }
  }
  template <class T>
  requires HasFields<T>
  void read(const json& j, T& v) {
    JsonReader inner(j, memory_);
    T::fields(inner, v);
  }
  void read(const json& j, LabelSelector& v) {
    auto parsed = parse_label_selector(j.get<std::string>());
    if (!parsed) throw Unreadable{parsed.error().message};
    v = std::move(*parsed);
  }
  void read(const json& j, FieldSelector& v) {
    auto parsed = parse_field_selector(j.get<std::string>());
    if (!parsed) throw Unreadable{parsed.error().message};
    v = std::move(*parsed);
  }
  void read(const json& j, TemplatePtr& v) {
    if (j.is_string()) {
      v = memory_.find_template(parse_hex(j.get<std::string>()));
      if (v == nullptr) throw Unreadable{fmt::format("no line before shows the pod template {}", j.dump())};
      return;
    }
    PodTemplate tmpl;
    JsonReader inner(j, memory_);
    PodTemplate::fields(inner, tmpl);
    v = share(std::move(tmpl));
    if (hex(v->hash) != j.value("hash", "")) throw Unreadable{"a pod template does not have the hash it states"};
    memory_.learn_template(v);
  }
  void read(const json& j, PodPtr& v) {
    if (const auto known = j.find("known"); known != j.end()) {
      const auto it = memory_.pods().find(known->get<std::string>());
      if (it == memory_.pods().end() || it->second->resource_version != j.value("rv", std::uint64_t{0})) {
        throw Unreadable{fmt::format("no line before shows pod {} at this version", known->dump())};
      }
      v = it->second;
      return;
    }
    auto pod = std::make_shared<Pod>();
    read(j, *pod);
    if (pod->tmpl == nullptr) throw Unreadable{"a pod has no template"};
    v = std::move(pod);
    memory_.learn(v);
  }
  void read(const json& j, ManifestPtr& v) {
    auto object = std::make_shared<Manifest>();
    read(j, *object);
    v = std::move(object);
  }
  void read(const json& j, PodList& v) {
    std::vector<PodPtr> changed;
    std::vector<std::string> gone;
    std::size_t count = 0;
    std::string hash;
    JsonReader inner(j, memory_);
    inner("count", count);
    inner("hash", hash);
    inner("changed", changed);  // learned on reading
    inner("gone", gone);
    for (const std::string& name : gone) memory_.forget(name);
    for (const auto& [name, pod] : memory_.pods()) v.items.push_back(pod);
    if (v.items.size() != count || hex(list_hash(v.items)) != hash) {
      throw Unreadable{fmt::format("a list of {} pods cannot be rebuilt from the lines before it", count)};
    }
  }
  void read(const json& j, WatchEvent& v) {
    JsonReader inner(j, memory_);
    WatchEvent::fields(inner, v);
    if (v.object == nullptr && v.manifest == nullptr) throw Unreadable{"a watch event has no object"};
    if (v.object == nullptr) return;
    if (v.type == WatchEventType::deleted || v.type == WatchEventType::bookmark) memory_.forget(*v.object);
  }

  const json& object_;
  PodMemory& memory_;
};

template <std::size_t I = 0>
EventData read_data(std::string_view type, const json& j, PodMemory& memory) {
  if constexpr (I == std::variant_size_v<EventData>) {
    if (type.starts_with("note.")) return note::Text{};
    throw Unreadable{fmt::format("the event type \"{}\" is unknown to this version", type)};
  } else {
    using T = std::variant_alternative_t<I, EventData>;
    if (type != T::kType) return read_data<I + 1>(type, j, memory);
    T data;
    JsonReader reader(j, memory);
    T::fields(reader, data);
    return data;
  }
}

}  // namespace

PodMemory& EventReader::memory_of(std::string_view type, const std::string& by) {
  return type.starts_with("in.") || type.starts_with("out.") ? sessions_[by] : world_;
}

Result<Event> EventReader::read(std::string_view line) {
  try {
    const json j = json::parse(line);
    const auto type = j.at("type").get<std::string>();
    Event event;
    event.seq = j.at("seq").get<Seq>();
    event.t = j.at("t").get<TimeUs>();
    event.by = j.at("by").get<std::string>();
    event.cause = j.at("cause").get<Seq>();
    event.key = j.at("key").get<std::string>();
    event.data = read_data(type, j.at("data"), memory_of(type, event.by));
    return event;
  } catch (const Unreadable& e) {
    return tl::unexpected(Error{e.why});
  } catch (const json::exception& e) {
    return tl::unexpected(Error{fmt::format("not an event line: {}", e.what())});
  }
}

}  // namespace podramp
