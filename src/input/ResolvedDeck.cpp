#include <algorithm>
#include <cctype>
#include <cstring>

#include "input/DeckDescription.hpp"
#include "input/Scalars.hpp"
#include "input/SectionOutline.hpp"
#include "weir/input/DeckDocuments.hpp"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
using Kind = Outline::Kind;

// Whether a word means itself in YAML without quotes, also to readers of YAML 1.1.
bool needs_no_quotes(const std::string& text) {
  static const std::vector<std::string> reserved{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  for (char& letter : lower) letter = char(std::tolower(static_cast<unsigned char>(letter)));
  const auto harmless = [](unsigned char letter) {
    return letter < 128 && (std::isalnum(letter) || std::strchr("_./<>-+", letter));
  };
  return !text.empty() && std::strchr("-<>.+", text[0]) == nullptr &&
         std::all_of(text.begin(), text.end(), harmless) && !parse_real(text) &&
         std::find(reserved.begin(), reserved.end(), lower) == reserved.end();
}

// JSON is YAML, and its numbers come back to the last bit.
std::string value_text(const Json& value) {
  if (value.is_string() && needs_no_quotes(value.get<std::string>())) return value.get<std::string>();
  if (value.is_number()) return with_point(value.dump());
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  for (const auto& entry : value) text += (text.empty() ? "" : ", ") + value_text(entry);
  return "[" + text + "]";
}

// A section that was left out keeps a choice without default open; it is left out again.
bool has_open_choice(const std::vector<Outline>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const Outline& entry) {
    return entry.kind == Kind::choice && entry.required &&
           std::none_of(entry.entries.begin(), entry.entries.end(),
                        [](const Outline& each) { return each.there; });
  });
}

class YamlWriter {
 public:
  std::string text;

  void write_map(const std::vector<Outline>& entries, int indent) {
    for (const auto& entry : entries) write_entry(entry, indent);
  }

 private:
  void write_entry(const Outline& entry, int indent) {
    switch (entry.kind) {
      case Kind::option:
        line(indent, entry.key + ": " + value_text(entry.value));
        break;
      case Kind::choice:
        for (const auto& alternative : entry.entries)
          if (alternative.there) write_section(alternative, indent);
        break;
      case Kind::section:
        if (!entry.there)
          line(indent, entry.key + ": false");
        else if (entry.required || !has_open_choice(entry.entries))
          write_section(entry, indent);
        break;
      case Kind::list:
        write_list(entry, indent);
        break;
    }
  }

  void write_section(const Outline& section, int indent) {
    YamlWriter inner;
    inner.write_map(section.entries, indent + 2);
    line(indent, section.key + (inner.text.empty() ? ": {}" : ":"));
    text += inner.text;
  }

  void write_list(const Outline& list, int indent) {
    line(indent, list.key + (list.items.empty() ? ": []" : ":"));
    for (const auto& item : list.items) {
      YamlWriter inner;
      inner.write_map(item, indent + 4);
      if (inner.text.empty()) {
        line(indent + 2, "- {}");
      } else {
        inner.text[indent + 2] = '-';  // the first line's indentation has room for it
        text += inner.text;
      }
    }
  }

  void line(int indent, const std::string& content) { text += std::string(indent, ' ') + content + "\n"; }
};

}  // namespace

std::string resolved_deck(const RunOptions& run, const DeckMethod& method) {
  DeckContent content;
  content.run = run;
  content.method = method.key;
  YamlWriter writer;
  writer.write_map(SectionOutline::of("", [&](Section& section) { describe(section, content, {method}); }),
                   0);
  return writer.text;
}

}  // namespace weir
