#include <cstring>

#include "input/BinaryTable.hpp"
#include "input/Scalars.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

// The header of .npy is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class NpyDictionary {
 public:
  NpyDictionary(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  ElementType type() const {
    const std::string value = value_of("descr");
    if (value.empty() || (value[0] != '\'' && value[0] != '"'))
      fail("holds records of several fields; allowed: an array of numbers");
    const std::string name = value.substr(1, value.find(value[0], 1) - 1);
    ElementType type;
    if (name.size() < 2) malformed();
    type.big_endian = name[0] == '>';
    type.kind = name[1];
    if (type.kind == 'O')
      fail("holds pickled Python objects; allowed: an array of numbers (numpy.save(.., x.astype(float)))");
    if (type.kind == 'U' || type.kind == 'S') fail("holds text; allowed: numbers");
    if (type.kind == 'M' || type.kind == 'm')
      fail("holds dates; allowed: numbers (x.astype('datetime64[h]').astype(float) are hours)");
    if (type.kind == 'c') fail("holds complex numbers; allowed: real ones (x.real, x.imag)");
    const auto size = parse_index(name.substr(2));
    if (!size || *size < 0 || *size > 64) malformed();
    type.size = int(*size);
    if (!is_known(type))
      fail("holds numbers of type '" + name +
           "'; allowed: bool, integers of 1 to 8 bytes, floats of 2 to 8 bytes");
    return type;
  }

  bool fortran_order() const {
    const std::string value = value_of("fortran_order");
    if (value.compare(0, 4, "True") != 0 && value.compare(0, 5, "False") != 0) malformed();
    return value[0] == 'T';
  }

  std::vector<Index> shape() const {
    std::string value = value_of("shape");
    const size_t end = value.find(')');
    if (value.empty() || value[0] != '(' || end == value.npos) malformed();
    std::vector<Index> shape;
    std::string number;
    for (char letter : value.substr(1, end - 1) + ",") {
      if (letter == ',' && !number.empty()) {
        const auto extent = parse_index(number);
        if (!extent || *extent < 0) malformed();
        shape.push_back(*extent);
        number.clear();
      } else if (letter != ' ' && letter != ',' && letter != 'L') {  // Python 2 wrote 3L
        number += letter;
      }
    }
    return shape;
  }

 private:
  std::string value_of(const std::string& key) const {
    for (const std::string quote : {"'", "\""}) {
      const size_t at = text_.find(quote + key + quote);
      if (at == text_.npos) continue;
      const size_t colon = text_.find(':', at);
      const size_t first = colon == text_.npos ? colon : text_.find_first_not_of(' ', colon + 1);
      if (first != text_.npos) return text_.substr(first);
    }
    malformed();
  }
  [[noreturn]] void malformed() const {
    fail("has a header that numpy.save does not write (damaged?); save the array again");
  }
  [[noreturn]] void fail(const std::string& message) const { throw InputError(file_ + ": " + message); }

  const std::string& text_;
  const std::string& file_;
};

}  // namespace

BinaryLayout read_npy_header(ByteSource& source) {
  unsigned char start[12] = {};
  const Index there = source.read_some(0, start, 12);
  if (there > 2 && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5)
    throw InputError(source.name() + ": is a Python pickle; save the array by numpy.save");
  if (there < 6 || std::memcmp(start, "\x93NUMPY", 6) != 0)
    throw InputError(source.name() + ": is no .npy file (does not start with \\x93NUMPY)");
  const int version = start[6];
  if (version < 1 || version > 3)
    throw InputError(fmt::format("{}: has format version {}; allowed: 1 to 3", source.name(), version));
  const Index first = version == 1 ? 10 : 12;
  Index length = start[8] + 256 * Index(start[9]);
  if (version > 1) length += 65536 * (start[10] + 256 * Index(start[11]));

  std::string text;
  constexpr Index longest = 1 << 20;  // of a sound header; a corrupt length could ask for 4 GB
  text.resize(size_t(std::min(length, longest)));
  if (length > longest)
    throw InputError(fmt::format("{}: has a header of {} bytes (damaged?)", source.name(), length));
  source.read(first, text.data(), Index(text.size()));
  const NpyDictionary header(text, source.name());
  BinaryLayout layout;
  layout.offset = first + length;
  layout.type = header.type();
  layout.fortran_order = header.fortran_order();
  layout.shape = header.shape();
  return layout;
}

}  // namespace weir
