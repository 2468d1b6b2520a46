// Writes any struct with fields() as JSON into a buffer: no DOM, no allocation besides the buffer, integers only.
// Empty strings, empty containers, absent optionals and false are left out; numbers and enums are always there.
// Pods are written as differences against what the reader already knows (PodMemory); event_json.h reads them back.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/port/event.h"

namespace podramp {

// What a reader of one session's lines (or of the world's) has been shown so far: templates by hash, and the last
// version of each pod by "namespace/name". Reader and writer update it by the same rules:
//   a pod that is written in full or seen in a list is remembered; DELETED forgets it;
//   a list makes it exactly the list's items.
class PodMemory {
 public:
  // remember_pods = false keeps templates only: facts name a stored pod in full once and never again.
  explicit PodMemory(bool remember_pods = true) : remember_pods_(remember_pods) {}

  bool knows_template(std::uint64_t hash) const { return templates_.contains(hash); }
  void learn_template(const TemplatePtr& tmpl) { templates_.emplace(tmpl->hash, tmpl); }
  TemplatePtr find_template(std::uint64_t hash) const;

  // The remembered version of this pod, or nullptr.
  PodPtr find(std::string_view ns, std::string_view name) const;
  bool knows(const Pod& pod) const;  // this very uid and resource version
  void learn(const PodPtr& pod);
  void forget(const Pod& pod);
  void forget(const std::string& full_name);
  // What a list shows that is not remembered, and the names ("namespace/name", sorted) that it no longer has.
  struct Difference {
    std::vector<PodPtr> changed;
    std::vector<std::string> gone;
  };
  Difference difference(const std::vector<PodPtr>& items) const;
  const std::map<std::string, PodPtr, std::less<>>& pods() const { return pods_; }

 private:
  bool remember_pods_;
  std::unordered_map<std::uint64_t, TemplatePtr> templates_;  // never iterated
  std::map<std::string, PodPtr, std::less<>> pods_;
};

std::string pod_key(const Pod& pod);                // "namespace/name"
std::string object_key(const ApiRequest& request);  // likewise
// Order-sensitive hash over (namespace/name, uid, resource version) of a list.
std::uint64_t list_hash(const std::vector<PodPtr>& items);
std::string hex(std::uint64_t value);  // 16 lower-case digits

class JsonWriter {
 public:
  JsonWriter(std::string& buffer, PodMemory& memory) : out_(buffer), memory_(memory) {}

  template <class T>
  void value(const T& v) {
    write(v);
  }
  // "name":value, for use inside an object that the caller has opened.
  template <class T>
  void operator()(std::string_view name, const T& v) {
    if (empty(v)) return;
    field(name);
    write(v);
  }

 private:
  void separate();
  void key(std::string_view name);    // any text
  void field(std::string_view name);  // one of ours: nothing in it to escape
  void text(std::string_view s);
  void escape(unsigned char c);

  static bool empty(const std::string& s) { return s.empty(); }
  static bool empty(bool b) { return !b; }
  static bool empty(const PodPtr& p) { return p == nullptr; }
  static bool empty(const TemplatePtr& p) { return p == nullptr; }
  static bool empty(const ManifestPtr& p) { return p == nullptr; }
  static bool empty(const LabelSelector& s) { return s.all.empty(); }
  static bool empty(const FieldSelector& s) { return s.all.empty(); }
  static bool empty(const Placement& p) { return p == Placement{}; }
  static bool empty(const NodeTerm& t) { return t == NodeTerm{}; }
  static bool empty(const Resources& r) { return r == Resources{}; }
  template <class T>
  static bool empty(const std::optional<T>& v) {
    return !v.has_value();
  }
  template <class T>
  static bool empty(const std::vector<T>& v) {
    return v.empty();
  }
  template <class K, class V, class C>
  static bool empty(const std::map<K, V, C>& v) {
    return v.empty();
  }
  template <class T>
  static bool empty(const T&) {
    return false;
  }

  void write(const std::string& s) { text(s); }
  void write(bool b) { out_ += b ? "true" : "false"; }
  template <std::integral T>
  void write(T n) {
    char digits[24];
    const auto [end, code] = std::to_chars(digits, digits + sizeof digits, n);
    out_.append(digits, end);
  }
  void write(CallId id) { write(id.value); }
  template <NamedEnum E>
  void write(E e) {
    text(to_text(e));
  }
  template <class T>
  void write(const std::optional<T>& v) {
    write(*v);
  }
  template <class T>
  void write(const std::vector<T>& v) {
    out_ += '[';
    const char* separator = "";
    for (const T& item : v) {
      out_ += separator;
      write(item);
      separator = ",";
    }
    out_ += ']';
  }
  template <class K, class V, class C>
  void write(const std::map<K, V, C>& v) {
    open();
    for (const auto& [k, item] : v) {
      if constexpr (std::integral<K>) {
        key(std::to_string(k));
      } else {
        key(k);
      }
      write(item);
    }
    close();
  }
  template <class T>
  requires HasFields<T>
  void write(const T& v) {
    open();
    T::fields(*this, v);
    close();
  }
  void write(const LabelSelector& s) { text(to_string(s)); }
  void write(const FieldSelector& s) { text(to_string(s)); }
  void write(const TemplatePtr& tmpl);  // "hash", or {"hash":..,fields} the first time
  void write(const PodPtr& pod);        // {"known":"ns/name","rv":..} or in full
  void write(const ManifestPtr& object) { write(*object); }
  void write(const PodList& list);      // {"count":..,"hash":..,"changed":[..],"gone":[..]}
  void write(const WatchEvent& event);  // DELETED and BOOKMARK forget

  void open() {
    out_ += '{';
    first_ = true;
  }
  void close() {
    out_ += '}';
    first_ = false;
  }

  std::string& out_;
  PodMemory& memory_;
  bool first_ = true;
};

// One whole line without its newline.
void write_line(std::string& buffer, const EventRef& event, PodMemory& memory);
// Only {"..data.."}.
void write_data(std::string& buffer, const DataRef& data, PodMemory& memory);

}  // namespace podramp
