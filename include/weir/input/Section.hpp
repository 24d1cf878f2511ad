// Options declared once: a struct's `describe` gives every key its name, type, default, unit, range and doc.
//
//     struct LangevinOptions {
//       Real step = 1e-3;
//     };
//     void describe(Section& section, LangevinOptions& options) {
//       section.option("step", options.step, "step size h").unit("time").above(0);
//     }
//
// The same function reads a deck, lists itself in `weir --reference` and `weir --schema`, and writes the
// resolved deck: Section has one implementation for each (see src/input). A describe function may look at
// `reading()` where a check makes sense only for values that were read.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

class Section;

/// A vector given in full or by one number for all components.
struct VectorValue {
  std::vector<Real> values{0};  ///< one value: for all components
  VectorValue(Real value = 0) : values{value} {}
  VectorValue(std::vector<Real> components) : values(std::move(components)) {}
  /// All `dimension` components. Throws InputError (with `key`) where the number of values is neither.
  std::vector<Real> resolve(Index dimension, const std::string& key) const;
};

/// A square matrix given in full (list of rows), by its diagonal or by one number times the identity.
struct MatrixValue {
  std::vector<std::vector<Real>> rows{{1}};  ///< {{a}}: a I; {{a, b, ..}}: diagonal; else rows
  MatrixValue(Real multiple_of_identity = 1) : rows{{multiple_of_identity}} {}
  /// dimension x dimension, row-major. Throws InputError (with `key`) where the shape does not fit.
  std::vector<Real> resolve(Index dimension, const std::string& key) const;
};

/// A path in a deck: relative to the deck's folder when read, absolute afterwards.
struct PathValue {
  std::string path;
  bool empty() const { return path.empty(); }
};

/// A number, or one of the words that the option's `one_of` lists (`batch: 1000`, `batch: whole`).
template <class T>
struct NumberOrWord {
  T number = 0;
  std::string word;  ///< empty: the number counts
  NumberOrWord(T value = 0) : number(value) {}
  NumberOrWord(const char* name) : word(name) {}
  bool is_word() const { return !word.empty(); }
};
using IndexOrWord = NumberOrWord<Index>;
using RealOrWord = NumberOrWord<Real>;

/// What reads, checks and writes options of a type; the types are those listed in src/input/OptionTypes.cpp.
class OptionType;
template <class T>
const OptionType& option_type();

/// What one option holds, as Section's implementations see it.
struct OptionValue {
  template <class T>
  explicit OptionValue(T* value) : held(value), type(&option_type<T>()) {}
  void* held;
  const OptionType* type;
};

/// What an option may hold, one restriction at a time.
struct OptionRestriction {
  enum Kind { unit, at_least, above, at_most, below, one_of, entries } kind;
  Real bound = 0, upper = 0;
  std::vector<std::string> names;  ///< of the unit, or those allowed
};

/// Restrictions of the option just declared, checked when the section has been read and told to the
/// reference. On lists they hold for every entry.
class Declared {
 public:
  Declared(Section& section, std::string name) : section_(section), name_(std::move(name)) {}
  Declared& unit(const std::string& unit);
  Declared& at_least(Real bound);
  Declared& above(Real bound);
  Declared& at_most(Real bound);
  Declared& below(Real bound);
  Declared& one_of(const std::vector<std::string>& names);
  Declared& entries(Index at_least, Index at_most);  ///< length of a list

 private:
  Section& section_;
  std::string name_;
};

/// One alternative of a choice, type-erased: its key in the deck, how to select it, how to describe it.
struct Alternative {
  std::string key;
  std::function<bool()> is_selected;
  std::function<void()> select;
  std::function<void(Section&)> describe;
  std::string doc = "";
  std::string shorthand = "";
};

/// One YAML map of a deck, or what stands for it.
class Section {
 public:
  virtual ~Section() = default;

  /// Key path from the deck's root, for example "simulate.energy"; for messages and for errors found later.
  virtual std::string path() const = 0;
  std::string path(const std::string& name) const { return path().empty() ? name : path() + "." + name; }
  virtual bool reading() const = 0;
  /// Whether the deck gives this key (false when not reading).
  virtual bool given(const std::string& name) const = 0;

  /// An optional key; the default is the value that `value` holds now.
  template <class T>
  Declared option(const std::string& name, T& value, const std::string& doc) {
    declare(name, OptionValue(&value), doc, false);
    return {*this, name};
  }
  /// A key that must be given.
  template <class T>
  Declared required(const std::string& name, T& value, const std::string& doc) {
    declare(name, OptionValue(&value), doc, true);
    return {*this, name};
  }

  /// A nested map, `describe(Section&, T&)` found by its argument. Absent: T's defaults (nested required keys
  /// are then errors only if `must` is true). `shorthand`: a bare scalar or list stands for {shorthand:
  /// value}; without one, a bare word is the name of an alternative in T's `one_of`.
  template <class T>
  void section(const std::string& name, T& value, const std::string& doc, const std::string& shorthand = "",
               bool must = false) {
    nested(name, doc, shorthand, must, [&value](Section& inner) { describe(inner, value); });
  }
  template <class T>
  void required_section(const std::string& name, T& value, const std::string& doc,
                        const std::string& shorthand = "") {
    section(name, value, doc, shorthand, true);
  }
  /// A map that may be absent; `false` leaves it out, `true` or an empty map takes T's defaults.
  template <class T>
  void section(const std::string& name, std::optional<T>& value, const std::string& doc,
               const std::string& shorthand = "") {
    optional_nested(
        name, doc, shorthand, value.has_value(),
        [&value](bool there) {
          if (!there) value.reset();
          if (there && !value) value.emplace();
        },
        [&value](Section& inner) {
          T standing_in;
          describe(inner, value ? *value : standing_in);
        });
  }
  /// A list of maps; one map alone is a list of one (and a bare word an alternative by name); `false`: none.
  template <class T>
  void list(const std::string& name, std::vector<T>& values, const std::string& doc, bool must = false) {
    nested_list(
        name, doc, must, Index(values.size()), [&values](Index size) { values.resize(size); },
        [&values](Index i, Section& inner) {
          T standing_in;
          describe(inner, i < Index(values.size()) ? values[i] : standing_in);
        });
  }

  /// Exactly one of the variant's alternatives must stand among this section's keys. Each alternative is a
  /// struct with a `describe` function and either `static constexpr const char* key` or, for a family that
  /// shares a struct, `static std::vector<std::string> keys()` and a member `std::string name` that receives
  /// the key. It may have `static constexpr const char* doc` (one line) and `shorthand` (as for `section`).
  /// std::monostate as first alternative: none is needed.
  template <class... Ts>
  void one_of(std::variant<Ts...>& value, const std::string& doc) {
    std::vector<Alternative> alternatives;
    (add_alternatives<Ts>(value, alternatives), ...);
    constexpr bool may_be_absent = (std::is_same_v<Ts, std::monostate> || ...);
    choose(alternatives, doc, may_be_absent);
  }
  /// The same for alternatives that are known at run time only.
  void one_of(const std::vector<Alternative>& alternatives, const std::string& doc) {
    choose(alternatives, doc, false);
  }

  /// Reports a problem with a value of this section; reading goes on.
  virtual void error(const std::string& name, const std::string& message) = 0;

 protected:
  friend class Declared;
  virtual void declare(const std::string& name, OptionValue value, const std::string& doc, bool required) = 0;
  virtual void nested(const std::string& name, const std::string& doc, const std::string& shorthand,
                      bool must, const std::function<void(Section&)>& inner) = 0;
  virtual void optional_nested(const std::string& name, const std::string& doc, const std::string& shorthand,
                               bool there_by_default, const std::function<void(bool)>& set,
                               const std::function<void(Section&)>& inner) = 0;
  virtual void nested_list(const std::string& name, const std::string& doc, bool must, Index size,
                           const std::function<void(Index)>& resize,
                           const std::function<void(Index, Section&)>& inner) = 0;
  virtual void choose(const std::vector<Alternative>& alternatives, const std::string& doc,
                      bool may_be_absent) = 0;

  virtual void restrict(const std::string& name, const OptionRestriction& restriction) = 0;

 private:
  template <class T, class Variant>
  static void add_alternatives(Variant& value, std::vector<Alternative>& alternatives) {
    if constexpr (std::is_same_v<T, std::monostate>) {
      return;
    } else if constexpr (has_keys<T>::value) {
      for (const auto& key : T::keys()) alternatives.push_back(alternative<T>(value, key));
    } else {
      alternatives.push_back(alternative<T>(value, T::key));
    }
  }

  template <class T, class Variant>
  static Alternative alternative(Variant& value, const std::string& key) {
    const auto selected = [&value, key]() -> T* {
      T* held = std::get_if<T>(&value);
      if constexpr (has_keys<T>::value) return held && held->name == key ? held : nullptr;
      return held;
    };
    const auto fresh = [key] {
      T made;
      if constexpr (has_keys<T>::value) made.name = key;
      return made;
    };
    Alternative result;
    result.key = key;
    result.is_selected = [selected] { return selected() != nullptr; };
    result.select = [&value, selected, fresh] {
      if (!selected()) value = fresh();
    };
    result.describe = [selected, fresh](Section& inner) {
      T standing_in = fresh();
      T* held = selected();
      describe(inner, held ? *held : standing_in);
    };
    if constexpr (has_doc<T>::value) result.doc = T::doc;
    if constexpr (has_shorthand<T>::value) result.shorthand = T::shorthand;
    return result;
  }

  template <class T, class = void>
  struct has_keys : std::false_type {};
  template <class T>
  struct has_keys<T, std::void_t<decltype(T::keys())>> : std::true_type {};
  template <class T, class = void>
  struct has_doc : std::false_type {};
  template <class T>
  struct has_doc<T, std::void_t<decltype(T::doc)>> : std::true_type {};
  template <class T, class = void>
  struct has_shorthand : std::false_type {};
  template <class T>
  struct has_shorthand<T, std::void_t<decltype(T::shorthand)>> : std::true_type {};
};

}  // namespace weir
