// Label and field selectors: text, back to text, matching (declared in kube.h; K24).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "backend/port/kube.h"

namespace podramp {
namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Splits at commas that are not inside parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      terms.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  return terms;
}

tl::unexpected<Error> bad(std::string_view what, std::string_view text, std::string_view why) {
  return tl::unexpected(Error{fmt::format("\"{}\" is not a {}: {}", text, what, why)});
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= 317 && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
  });
}

// Nothing that selectors are written with. Whether Kubernetes lets it be a label's value is the API server's to say.
bool is_value(std::string_view value) { return value.find_first_of("=!,()<>") == std::string_view::npos; }

// "key in (a,b)" and "key notin (a,b)"; nullopt when the term has no parenthesis.
std::optional<Requirement> parse_set_term(std::string_view term) {
  const std::size_t open = term.find('(');
  if (open == std::string_view::npos || term.back() != ')') return std::nullopt;
  const std::string_view head = trim(term.substr(0, open));
  const std::size_t space = head.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view op = trim(head.substr(space));
  if (op != "in" && op != "notin") return std::nullopt;
  Requirement r{std::string(head.substr(0, space)), op == "in" ? SelectorOp::in : SelectorOp::not_in, {}};
  for (const std::string_view value : split_terms(term.substr(open + 1, term.size() - open - 2)))
    r.values.emplace_back(value);
  return r;
}

Requirement parse_plain_term(std::string_view term) {
  static constexpr std::array<std::pair<std::string_view, SelectorOp>, 3> kOps{
      {{"!=", SelectorOp::not_equals}, {"==", SelectorOp::equals}, {"=", SelectorOp::equals}}};
  for (const auto& [text, op] : kOps) {
    const std::size_t at = term.find(text);
    if (at == std::string_view::npos || at == 0) continue;
    return {std::string(trim(term.substr(0, at))), op, {std::string(trim(term.substr(at + text.size())))}};
  }
  if (term.starts_with('!')) return {std::string(trim(term.substr(1))), SelectorOp::not_exists, {}};
  return {std::string(term), SelectorOp::exists, {}};
}

// A field's value as pod field selectors see it, or nullopt for a field they do not know.
std::optional<std::string> pod_field(const Pod& pod, std::string_view field) {
  if (field == "metadata.name") return pod.name;
  if (field == "metadata.namespace") return pod.ns;
  if (field == "spec.nodeName") return pod.node;
  if (field == "spec.restartPolicy") return pod.tmpl->restart_policy.empty() ? "Always" : pod.tmpl->restart_policy;
  if (field == "spec.schedulerName") {
    return pod.tmpl->scheduler_name.empty() ? "default-scheduler" : pod.tmpl->scheduler_name;
  }
  if (field == "spec.serviceAccountName") {
    return pod.tmpl->service_account.empty() ? "default" : pod.tmpl->service_account;
  }
  if (field == "status.phase") return std::string(to_text(pod.phase));
  if (field == "status.podIP") return pod.pod_ip;
  if (field == "status.nominatedNodeName") return pod.nominated_node;
  return std::nullopt;
}

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// Gt and Lt: both sides must be whole numbers.
bool compares(const Requirement& r, const std::string* value) {
  if (value == nullptr || r.values.size() != 1) return false;
  const auto left = whole(*value);
  const auto right = whole(r.values.front());
  return left && right && (r.op == SelectorOp::greater ? *left > *right : *left < *right);
}

}  // namespace

bool holds(const Requirement& r, const std::string* value) {
  const auto listed = [&] { return value != nullptr && std::ranges::find(r.values, *value) != r.values.end(); };
  switch (r.op) {
    case SelectorOp::equals:
    case SelectorOp::in: return listed();
    case SelectorOp::not_equals:
    case SelectorOp::not_in: return !listed();
    case SelectorOp::exists: return value != nullptr;
    case SelectorOp::not_exists: return value == nullptr;
    case SelectorOp::greater:
    case SelectorOp::less: return compares(r, value);
  }
  return false;
}

bool LabelSelector::matches(const Pod& pod) const {
  return std::ranges::all_of(all, [&](const Requirement& r) { return holds(r, pod.label(r.key)); });
}

bool LabelSelector::matches(const StringMap& labels) const {
  return std::ranges::all_of(all, [&](const Requirement& r) {
    const auto it = labels.find(r.key);
    return holds(r, it == labels.end() ? nullptr : &it->second);
  });
}

Result<LabelSelector> parse_label_selector(std::string_view text) {
  LabelSelector selector;
  if (trim(text).empty()) return selector;
  for (const std::string_view term : split_terms(text)) {
    if (term.empty()) return bad("label selector", text, "a term is empty");
    Requirement r = parse_set_term(term).value_or(Requirement{});
    if (r.key.empty()) r = parse_plain_term(term);
    if (!is_key(r.key)) return bad("label selector", text, fmt::format("\"{}\" is not a label key", r.key));
    for (const std::string& value : r.values) {
      if (!is_value(value)) return bad("label selector", text, fmt::format("\"{}\" is not a label value", value));
    }
    selector.all.push_back(std::move(r));
  }
  return selector;
}

std::string to_string(const LabelSelector& selector) {
  std::string text;
  for (const Requirement& r : selector.all) {
    if (!text.empty()) text += ',';
    switch (r.op) {
      case SelectorOp::equals: text += r.key + "=" + r.values.at(0); break;
      case SelectorOp::not_equals: text += r.key + "!=" + r.values.at(0); break;
      case SelectorOp::in: text += fmt::format("{} in ({})", r.key, fmt::join(r.values, ",")); break;
      case SelectorOp::not_in: text += fmt::format("{} notin ({})", r.key, fmt::join(r.values, ",")); break;
      case SelectorOp::exists: text += r.key; break;
      case SelectorOp::not_exists: text += "!" + r.key; break;
      case SelectorOp::greater: text += r.key + ">" + r.values.at(0); break;
      case SelectorOp::less: text += r.key + "<" + r.values.at(0); break;
    }
  }
  return text;
}

bool FieldSelector::matches(const Pod& pod) const {
  return std::ranges::all_of(all, [&](const FieldTerm& term) {
    const auto value = pod_field(pod, term.field);
    return value && (*value == term.value) == term.equal;
  });
}

Result<FieldSelector> parse_field_selector(std::string_view text) {
  static const Pod kBlank = [] {
    Pod pod;
    pod.tmpl = share({});
    return pod;
  }();
  auto selector = parse_field_terms(text);
  if (!selector) return selector;
  for (const FieldTerm& term : selector->all) {
    if (pod_field(kBlank, term.field)) continue;
    return bad("field selector", text, fmt::format("field \"{}\" is not supported", term.field));
  }
  return selector;
}

Result<FieldSelector> parse_field_terms(std::string_view text) {
  FieldSelector selector;
  if (trim(text).empty()) return selector;
  for (const std::string_view term : split_terms(text)) {
    const Requirement r = parse_plain_term(term);
    if (r.op != SelectorOp::equals && r.op != SelectorOp::not_equals) {
      return bad("field selector", text, fmt::format("\"{}\" is neither field=value nor field!=value", term));
    }
    if (r.values.at(0).find_first_of("=\\") != std::string::npos) {
      return bad("field selector", text, fmt::format("\"{}\" has a character that would have to be escaped", term));
    }
    selector.all.push_back({r.key, r.values.at(0), r.op == SelectorOp::equals});
  }
  return selector;
}

std::string to_string(const FieldSelector& selector) {
  std::string text;
  for (const FieldTerm& term : selector.all) {
    if (!text.empty()) text += ',';
    text += term.field + (term.equal ? "=" : "!=") + term.value;
  }
  return text;
}

}  // namespace podramp
