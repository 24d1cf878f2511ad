// Text tables: .csv and its kin, with or without a header.
#pragma once

#include "input/CsvScanner.hpp"
#include "input/TableReader.hpp"

namespace weir {

/// Reads the file once when opened, to count rows and to check that all have as many fields; remembers where
/// every so many rows begin, never the rows.
class CsvTable : public TableReader {
 public:
  explicit CsvTable(std::unique_ptr<ByteSource> source);
  std::vector<std::string> column_names() const override { return names_; }
  bool has_texts(Index column) const override { return has_texts_[std::size_t(column)]; }
  std::vector<std::string> texts(Index first, Index count, Index column) override;

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  struct Mark {
    Index offset, line;
  };
  void read_header();
  void count_rows();
  void note_texts();
  bool next_row();
  void go_to(Index row);
  Real number(Index column) const;
  std::string place_of_field(Index column) const;
  std::string remedy_for(Index column) const;

  std::unique_ptr<ByteSource> source_;
  CsvScanner scanner_;
  std::vector<std::string> names_;
  std::vector<bool> has_texts_;  // by column: whether any field is certainly no number
  std::vector<Mark> marks_;
  Index row_ = 0;  // that the scanner reads next
};

}  // namespace weir
