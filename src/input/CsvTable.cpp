#include "input/CsvTable.hpp"

#include <cmath>

#include "input/Scalars.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {
constexpr Index rows_between_marks = 1024;

/// What is no text in ASCII's successors says so by its first bytes.
void check_text(ByteSource& source) {
  std::string start(4096, '\0');
  start.resize(std::size_t(source.read_some(0, start.data(), Index(start.size()))));
  const auto starts_with = [&](const char* magic) { return start.rfind(magic, 0) == 0; };
  const auto refuse = [&](const char* what, const char* remedy) {
    throw InputError(fmt::format("{}: {}; {}", source.name(), what, remedy));
  };
  if (starts_with("\xff\xfe") || starts_with("\xfe\xff"))
    refuse("is text in UTF-16", "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
  if (starts_with("PK\x03\x04")) refuse("is a zip archive or a spreadsheet", "save the table as CSV");
  if (starts_with("\x93NUMPY")) refuse("is an array of numpy's", "name it .npy");
  if (starts_with("\x89HDF\r\n")) refuse("is an HDF5 file", "name it .h5");
  if (start.find('\0') != start.npos)
    refuse("holds bytes of value 0, which no table of text has",
           "save it as text in UTF-8 (is it UTF-16, or a binary file?)");
}

}  // namespace

CsvTable::CsvTable(std::unique_ptr<ByteSource> source)
    : TableReader(source->name()),
      source_(std::move(source)),
      scanner_((check_text(*source_), *source_), CsvScanner::guess_separator(*source_)) {
  if (!scanner_.next()) throw InputError(name_ + ": is empty");
  columns_ = scanner_.fields();
  has_texts_.assign(std::size_t(columns_), false);
  read_header();
  if (names_.empty()) scanner_.seek(scanner_.offset(), scanner_.line());
  count_rows();
}

// A header has no number among its fields. Tables with an index column leave its name empty, and may number
// the others.
void CsvTable::read_header() {
  bool has_number = false;
  for (Index i = 0; i < columns_; ++i) has_number = has_number || parse_real(scanner_.field(i));
  const bool unnamed_index = columns_ > 1 && scanner_.field(0).empty();
  if (has_number && !unnamed_index) return;
  for (Index i = 0; i < columns_; ++i) names_.emplace_back(scanner_.field(i));
}

bool CsvTable::next_row() {
  if (!scanner_.next()) return false;
  ++row_;
  return true;
}

void CsvTable::count_rows() {
  while (next_row()) {
    if ((row_ - 1) % rows_between_marks == 0) marks_.push_back({scanner_.offset(), scanner_.line()});
    if (scanner_.fields() != columns_)
      throw InputError(
          fmt::format("{}: line {} has {} fields, the first line {}; allowed: as many in every line", name_,
                      scanner_.line(), scanner_.fields(), columns_));
    note_texts();
  }
  rows_ = row_;
}

/// A number begins with a digit, a sign or a point, and ends with a digit or a point: what does not is text.
void CsvTable::note_texts() {
  const auto digit_or_point = [](char letter) { return (letter >= '0' && letter <= '9') || letter == '.'; };
  for (Index i = 0; i < columns_; ++i) {
    const auto field = scanner_.field(i);
    const bool number = !field.empty() && digit_or_point(field.back()) &&
                        (digit_or_point(field[0]) || field[0] == '-' || field[0] == '+');
    if (!number) has_texts_[std::size_t(i)] = true;
  }
}

std::vector<std::string> CsvTable::texts(Index first, Index count, Index column) {
  std::vector<std::string> all;
  go_to(first);
  for (Index i = 0; i < count; ++i) {
    if (!next_row() || scanner_.fields() != columns_)
      throw InputError(name_ + ": has changed while it was read");
    all.emplace_back(scanner_.field(column));
  }
  return all;
}

void CsvTable::go_to(Index row) {
  const Index mark = row / rows_between_marks;
  // Going on is cheaper than going back to the mark, above all in gzipped files.
  if (row_ > row || row_ < mark * rows_between_marks) {
    scanner_.seek(marks_[mark].offset, marks_[mark].line);
    row_ = mark * rows_between_marks;
  }
  while (row_ < row && next_row()) {
  }
}

void CsvTable::load(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  go_to(first);
  for (Index i = 0; i < count; ++i) {
    if (!next_row() || scanner_.fields() != columns_)
      throw InputError(name_ + ": has changed while it was read");
    for (Index column : columns) *values++ = number(column);
  }
}

Real CsvTable::number(Index column) const {
  const auto value = parse_real(scanner_.field(column));
  if (!value || !std::isfinite(*value))
    throw InputError(fmt::format("{}: line {}, {}: found \"{}\"; allowed: a finite number{}", name_,
                                 scanner_.line(), place_of_field(column), scanner_.field(column),
                                 remedy_for(column)));
  return *value;
}

/// What may be meant by a field that is no number.
std::string CsvTable::remedy_for(Index column) const {
  std::string with_point(scanner_.field(column));
  std::replace(with_point.begin(), with_point.end(), ',', '.');
  if (with_point != scanner_.field(column) && parse_real(with_point))
    return ", with a point (" + with_point + ")";
  if (has_texts(column) && !scanner_.field(column).empty() && !parse_real(scanner_.field(column)))
    return "; name the columns that are coordinates by `columns`, this one left out";
  return "";
}

std::string CsvTable::place_of_field(Index column) const {
  return names_.empty() ? fmt::format("column {}", column)
                        : fmt::format("column {} ({})", column, names_[column]);
}

}  // namespace weir
