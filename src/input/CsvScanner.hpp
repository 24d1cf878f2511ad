// Records of a text table, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "input/ByteSource.hpp"

namespace weir {

/// Skips blank lines and comments (#). Fields may be quoted ("a ""b""", also over several lines); blanks
/// around others are dropped. The separator ' ' stands for any run of blanks and tabs.
class CsvScanner {
 public:
  CsvScanner(ByteSource& source, char separator) : source_(source), separator_(separator) {}

  /// To the beginning of a record.
  void seek(Index offset, Index line);
  /// To the next record; false at the end.
  bool next();

  /// Where the record begins.
  Index offset() const { return record_offset_; }
  Index line() const { return record_line_; }  ///< counted from 1
  Index fields() const { return Index(ends_.size()); }
  std::string_view field(Index i) const;

  /// From the table's first line: tab, semicolon, comma, or else blanks.
  static char guess_separator(ByteSource& source);

 private:
  bool is_space(int letter) const;
  int peek();
  int take();
  void skip_line();
  void skip_byte_order_mark();
  void read_record();
  bool read_field();
  void read_quoted();

  ByteSource& source_;
  char separator_;
  std::string buffer_;
  Index buffer_offset_ = 0;
  size_t at_ = 0;
  Index line_ = 1;

  Index record_offset_ = 0;
  Index record_line_ = 1;
  std::string content_;       // of all fields, one after the other
  std::vector<size_t> ends_;  // of each field in it
};

}  // namespace weir
