// Dense arrays in HDF5 files.
#pragma once

#include "input/Hdf5Id.hpp"
#include "input/TableReader.hpp"

namespace weir {

class Hdf5Table : public TableReader {
 public:
  /// `member`: one field of records, as old .h5ad files keep their tables; else empty.
  Hdf5Table(Hdf5Id file, const std::string& file_name, const std::string& path,
            const std::string& member = "");
  std::vector<std::string> column_names() const override { return names_; }
  void set_column_names(std::vector<std::string> names) { names_ = std::move(names); }
  std::vector<Index> shape() const override { return shape_; }
  Index stack() override;

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  void set_memory_type(const std::string& member);
  void load_piece(Index first, Index count, const std::vector<Index>& columns, Real* values);
  void load_stacked(Index first, Index count, const std::vector<Index>& columns, Real* values);

  Hdf5Id file_, dataset_, memory_type_;
  std::vector<Index> shape_;
  Index member_size_ = 1;  // numbers a record
  bool stacked_ = false;
  std::vector<std::string> names_;
};

/// Texts of a data set of one axis, as labels.
class Hdf5Texts : public TableReader {
 public:
  /// Whether the data set holds texts of one axis.
  static bool is_one(hid_t dataset);
  Hdf5Texts(const std::string& file_name, const std::string& path);
  bool has_texts(Index) const override { return true; }
  std::vector<std::string> texts(Index first, Index count, Index column) override;

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  std::vector<std::string> texts_;
};

/// Opens a data set of a plain HDF5 file, the only one there is where `path` is empty.
std::unique_ptr<DataReader> open_hdf5(const std::string& file_name, const std::string& path);
/// Paths of all data sets, or of all parts of an annotated matrix.
std::vector<std::string> hdf5_members(const std::string& file_name);
std::vector<std::string> h5ad_members(const std::string& file_name);
/// Opens part of an annotated matrix: X, obsm/.., layers/.., obs/...
std::unique_ptr<DataReader> open_h5ad(const std::string& file_name, const std::string& path);

}  // namespace weir
