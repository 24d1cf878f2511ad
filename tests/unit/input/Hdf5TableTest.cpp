#include <gtest/gtest.h>

#include <limits>

#include "input/Files.hpp"
#include "input/Hdf5Id.hpp"

namespace weir {
namespace {

// Writes what the tests need, by the library's own calls.
class Writer {
 public:
  explicit Writer(const std::string& path)
      : file_(WEIR_HDF5(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)), H5Fclose),
        create_links_(WEIR_HDF5(H5Pcreate(H5P_LINK_CREATE)), H5Pclose) {
    WEIR_HDF5(H5Pset_create_intermediate_group(create_links_, 1));
  }

  void array(const std::string& name, hid_t file_type, hid_t memory_type, const std::vector<hsize_t>& shape,
             const void* values) {
    const Hdf5Id space(WEIR_HDF5(H5Screate_simple(int(shape.size()), shape.data(), nullptr)), H5Sclose);
    const Hdf5Id set(
        WEIR_HDF5(H5Dcreate2(file_, name.c_str(), file_type, space, create_links_, H5P_DEFAULT, H5P_DEFAULT)),
        H5Dclose);
    if (values) WEIR_HDF5(H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  }
  void reals(const std::string& name, const std::vector<hsize_t>& shape, const std::vector<double>& values) {
    array(name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, shape, values.data());
  }
  void integers(const std::string& name, const std::vector<int>& values) {
    array(name, H5T_STD_I32LE, H5T_NATIVE_INT, {values.size()}, values.data());
  }
  void texts(const std::string& name, const std::vector<const char*>& values) {
    const Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    WEIR_HDF5(H5Tset_size(type, H5T_VARIABLE));
    array(name, type, type, {values.size()}, values.data());
  }
  void group(const std::string& name) {
    const Hdf5Id made(WEIR_HDF5(H5Gcreate2(file_, name.c_str(), create_links_, H5P_DEFAULT, H5P_DEFAULT)),
                      H5Gclose);
  }
  void text_attribute(const std::string& object, const std::string& name, const std::string& text,
                      bool variable) {
    const Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    WEIR_HDF5(H5Tset_size(type, variable ? H5T_VARIABLE : text.size() + 3));
    const char* pointer = text.c_str();
    std::string padded = text + std::string(3, '\0');
    attribute(object, name, type, {}, variable ? static_cast<const void*>(&pointer) : padded.data());
  }
  void integer_attribute(const std::string& object, const std::string& name,
                         const std::vector<Index>& values) {
    attribute(object, name, H5T_NATIVE_INT64, {values.size()}, values.data());
  }

  hid_t file() const { return file_; }

 private:
  void attribute(const std::string& object, const std::string& name, hid_t type,
                 const std::vector<hsize_t>& shape, const void* value) {
    const Hdf5Id space(shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, shape.data(), nullptr),
                       H5Sclose);
    const Hdf5Id made(WEIR_HDF5(H5Acreate_by_name(file_, object.c_str(), name.c_str(), type, space,
                                                  H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)),
                      H5Aclose);
    WEIR_HDF5(H5Awrite(made, type, value));
  }

  Hdf5Id file_, create_links_;
};

TEST(Hdf5, ArraysOfAnyNumberOfAxesAndAnyNumericType) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  {
    Writer file(path);
    file.reals("a/b/matrix", {2, 3}, {1, 2, 3, 4, 5, 6});
    file.reals("cube", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    file.integers("labels", {4, 5, 6});
    const float single[] = {0.5f, -2};
    file.array("big_endian", H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, {2}, single);
  }
  const auto matrix = open_data(path, "a/b/matrix");
  EXPECT_EQ(matrix->rows(), 2);
  EXPECT_EQ(matrix->columns(), 3);
  EXPECT_EQ(all_rows(*matrix), (std::vector<Real>{1, 2, 3, 4, 5, 6}));
  std::vector<Real> part(2);
  matrix->read_columns(1, 1, {2, 1}, part.data());
  EXPECT_EQ(part, (std::vector<Real>{6, 5}));
  EXPECT_EQ(open_data(path, "cube")->columns(), 4);
  EXPECT_EQ(all_rows(path, "/cube"), (std::vector<Real>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(all_rows(path, "labels"), (std::vector<Real>{4, 5, 6}));
  EXPECT_EQ(all_rows(path, "big_endian"), (std::vector<Real>{0.5, -2}));
}

TEST(Hdf5, TruthValuesAreAnEnumeration) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  {
    Writer file(path);
    const Hdf5Id type(WEIR_HDF5(H5Tenum_create(H5T_NATIVE_INT8)), H5Tclose);
    const signed char no = 0, yes = 1;
    H5Tenum_insert(type, "FALSE", &no);
    H5Tenum_insert(type, "TRUE", &yes);
    const signed char values[] = {1, 0, 1};
    file.array("flags", type, type, {3}, values);
  }
  EXPECT_EQ(all_rows(path), (std::vector<Real>{1, 0, 1}));
}

TEST(Hdf5, NamesOfDataSets) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  { Writer(path).reals("only/one", {1}, {3}); }
  EXPECT_EQ(all_rows(path), std::vector<Real>{3});
  {
    Writer file(path);
    file.reals("particles", {1}, {3});
    file.reals("run/weights", {1}, {3});
    file.group("empty");
  }
  EXPECT_EQ(problem_of(path), "x.h5: holds several data sets; allowed as `dataset`: particles, run/weights");
  EXPECT_EQ(
      problem_of(path, "run/weight"),
      "x.h5: has no data set \"run/weight\"; allowed: particles, run/weights; did you mean \"run/weights\"?");
  EXPECT_EQ(problem_of(path, "/"), "x.h5: has no data set \"/\"; allowed: particles, run/weights");
  { Writer file(path); }
  EXPECT_EQ(problem_of(path), "x.h5: holds no data set");
}

TEST(Hdf5, WhatIsNoTableOfNumbers) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  {
    Writer file(path);
    file.texts("texts", {"a", "b"});
    file.reals("nan", {2, 2}, {1, 2, nan, 4});
    file.array("scalar", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {}, &nan);
  }
  EXPECT_EQ(problem_of(path, "texts"), "x.h5 (texts): holds text; allowed: numbers");
  EXPECT_EQ(problem_of(path, "nan"), "x.h5 (nan): row 1, column 0 is nan; allowed: finite numbers");
  EXPECT_EQ(problem_of(path, "scalar"),
            "x.h5 (scalar): is a single number; allowed: an array of one axis or more");
  EXPECT_EQ(problem_of(folder.write("y.h5", "this is no HDF5 file")),
            "y.h5: is no HDF5 file, whatever its name says");
}

TEST(Hdf5, LargeArraysInPieces) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  constexpr Index rows = 300000, columns = 5;
  std::vector<double> values(rows * columns);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i);
  { Writer(path).reals("x", {hsize_t(rows), hsize_t(columns)}, values); }
  EXPECT_EQ(all_rows(path), values);
}

TEST(Hdf5, TruncatedFiles) {
  const Folder folder;
  { Writer(folder / "x.h5").reals("x", {1000}, std::vector<double>(1000, 1.0)); }
  std::ifstream stream(folder / "x.h5", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(problem_of(folder.write("t.h5", bytes.substr(0, bytes.size() / 2))),
            "t.h5: begins as an HDF5 file and cannot be opened: it is cut short, or damaged");
}

// 3 x 4: (0, 7, 0, 1), (0, 0, 0, 0), (2, 0, 3, 0)
const std::vector<Real> dense{0, 7, 0, 1, 0, 0, 0, 0, 2, 0, 3, 0};

void write_sparse(Writer& file, const std::string& name, bool by_rows, bool former) {
  const std::string format = by_rows ? "csr" : "csc";
  file.reals(name + "/data", {4},
             by_rows ? std::vector<double>{7, 1, 2, 3} : std::vector<double>{2, 7, 3, 1});
  file.integers(name + "/indices", by_rows ? std::vector<int>{1, 3, 0, 2} : std::vector<int>{2, 0, 2, 0});
  file.integers(name + "/indptr", by_rows ? std::vector<int>{0, 2, 2, 4} : std::vector<int>{0, 1, 2, 3, 4});
  file.text_attribute(name, former ? "h5sparse_format" : "encoding-type",
                      former ? format : format + "_matrix", !former);
  file.integer_attribute(name, former ? "h5sparse_shape" : "shape", {3, 4});
}

TEST(H5ad, SparseMatricesByRowsAndByColumns) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  for (const bool by_rows : {true, false})
    for (const bool former : {true, false}) {
      {
        Writer file(path);
        write_sparse(file, "X", by_rows, former);
        write_sparse(file, "layers/raw", by_rows, former);
      }
      const auto reader = open_data(path);
      EXPECT_EQ(reader->rows(), 3);
      EXPECT_EQ(reader->columns(), 4);
      EXPECT_EQ(all_rows(*reader), dense) << by_rows << former;
      std::vector<Real> part(4);
      reader->read_columns(1, 2, {2, 0}, part.data());
      EXPECT_EQ(part, (std::vector<Real>{0, 0, 3, 2}));
      EXPECT_EQ(all_rows(path, "layers/raw"), dense);
    }
}

TEST(H5ad, CorruptSparseMatrices) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  const auto problem = [&](const std::vector<int>& indices, const std::vector<int>& pointers) {
    {
      Writer file(path);
      file.reals("X/data", {2}, {1, 2});
      file.integers("X/indices", indices);
      file.integers("X/indptr", pointers);
      file.text_attribute("X", "encoding-type", "csr_matrix", true);
      file.integer_attribute("X", "shape", {2, 2});
    }
    return problem_of(path);
  };
  EXPECT_EQ(problem({0, 1}, {0, 1, 2}), "");
  EXPECT_EQ(problem({0, 9}, {0, 1, 2}), "x.h5ad (X): indices are corrupt");
  EXPECT_EQ(problem({0, -1}, {0, 1, 2}), "x.h5ad (X): indices are corrupt");
  EXPECT_EQ(problem({0, 1}, {0, 5, 2}), "x.h5ad (X): indptr is corrupt");
  EXPECT_EQ(problem({0, 1}, {0, 1, 7}), "x.h5ad (X): indptr is corrupt");
  EXPECT_EQ(problem({0, 1}, {0, 2}), "x.h5ad (X): indptr, indices and data do not fit its shape");
}

TEST(H5ad, ObservationsAndEmbeddings) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  {
    Writer file(path);
    file.reals("X", {3, 2}, {1, 2, 3, 4, 5, 6});
    file.reals("obsm/X_pca", {3, 1}, {7, 8, 9});
    file.reals("obs/time", {3}, {0.5, 1, 2});
    file.texts("obs/_index", {"c0", "c1", "c2"});
    file.integers("obs/day/codes", {1, 0, 1});
    file.texts("obs/day/categories", {"Day 0", "Day 3"});
    file.integers("obs/type/codes", {1, -1, 1});
    file.texts("obs/type/categories", {"a", "b"});
    file.integers("obs/count/values", {4, 5, 6});
    file.integers("obs/count/mask", {0, 0, 1});
    file.texts("var/genes", {"SOX2", "GATA1"});
    file.text_attribute("var", "_index", "genes", true);
    file.group("uns");
  }
  const auto matrix = open_data(path);
  EXPECT_EQ(all_rows(*matrix), (std::vector<Real>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(matrix->column_names(), (std::vector<std::string>{"SOX2", "GATA1"}));
  EXPECT_EQ(all_rows(path, "obsm/X_pca"), (std::vector<Real>{7, 8, 9}));
  EXPECT_EQ(all_rows(path, "obs/time"), (std::vector<Real>{0.5, 1, 2}));
  EXPECT_EQ(all_rows(path, "obs/day"), (std::vector<Real>{1, 0, 1}));
  EXPECT_EQ(problem_of(path, "obs/type"),
            "x.h5ad (obs/type): row 1 has no value; allowed: a category or number in every row");
  EXPECT_EQ(problem_of(path, "obs/count"),
            "x.h5ad (obs/count): row 2 has no value; allowed: a category or number in every row");
  EXPECT_EQ(problem_of(path, "obs/_index"), "x.h5ad (obs/_index): holds text; allowed: numbers");
  EXPECT_EQ(problem_of(path, "obsm/X_pcb"),
            "x.h5ad: has no matrix \"obsm/X_pcb\"; allowed: X, obsm/X_pca, obs/_index, obs/count, obs/day, "
            "obs/time, "
            "obs/type; did you mean \"obsm/X_pca\"?");
}

TEST(H5ad, FormerEncodings) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  struct Cell {
    double hours;
    int stage;
  };
  struct Embedding {
    float pca[2];
  };
  {
    Writer file(path);
    file.reals("X", {2, 1}, {1, 2});
    const Hdf5Id cell(WEIR_HDF5(H5Tcreate(H5T_COMPOUND, sizeof(Cell))), H5Tclose);
    H5Tinsert(cell, "hours", HOFFSET(Cell, hours), H5T_NATIVE_DOUBLE);
    H5Tinsert(cell, "stage", HOFFSET(Cell, stage), H5T_NATIVE_INT);
    const Cell cells[] = {{12.5, 3}, {24, 4}};
    file.array("obs", cell, cell, {2}, cells);
    const hsize_t two = 2;
    const Hdf5Id pair(WEIR_HDF5(H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &two)), H5Tclose);
    const Hdf5Id embedding(WEIR_HDF5(H5Tcreate(H5T_COMPOUND, sizeof(Embedding))), H5Tclose);
    H5Tinsert(embedding, "X_pca", 0, pair);
    const Embedding embeddings[] = {{{1, 2}}, {{3, 4}}};
    file.array("obsm", embedding, embedding, {2}, embeddings);
  }
  EXPECT_EQ(all_rows(path, "obs/hours"), (std::vector<Real>{12.5, 24}));
  EXPECT_EQ(all_rows(path, "obs/stage"), (std::vector<Real>{3, 4}));
  EXPECT_EQ(open_data(path, "obsm/X_pca")->columns(), 2);
  EXPECT_EQ(all_rows(path, "obsm/X_pca"), (std::vector<Real>{1, 2, 3, 4}));
  EXPECT_EQ(problem_of(path, "obs/houses"), "x.h5ad (obs/houses): there is no such field");
}

TEST(H5ad, GroupsThatAreNoMatrices) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  {
    Writer file(path);
    file.reals("X", {2, 1}, {1, 2});
    file.reals("obsm/X_umap/0", {2}, {1, 2});
    file.text_attribute("obsm/X_umap", "encoding-type", "dataframe", true);
    file.reals("obsm/ragged/data", {2}, {1, 2});
    file.text_attribute("obsm/ragged", "encoding-type", "awkward-array", true);
    file.reals("obsm/plain/data", {2}, {1, 2});
    file.reals("obs/day", {2}, {1, 2});
  }
  EXPECT_EQ(problem_of(path, "obsm/X_umap"),
            "x.h5ad (obsm/X_umap): is a data frame; allowed: a matrix (adata.obsm[\"X_umap\"] = "
            "adata.obsm[\"X_umap\"].to_numpy())");
  EXPECT_EQ(problem_of(path, "obsm/ragged"),
            "x.h5ad (obsm/ragged): is stored as \"awkward-array\"; allowed: a matrix of numbers");
  EXPECT_EQ(problem_of(path, "obsm/plain"),
            "x.h5ad (obsm/plain): is a group; allowed: a matrix in it (obsm/plain/data)");
  EXPECT_EQ(problem_of(path, "obs"),
            "x.h5ad (obs): is a data frame; allowed: one column of it, such as \"obs/day\"");
}

TEST(Hdf5, ShapesThatNothingStandsFor) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  {
    Writer file(path);
    file.array("x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {100000000000, 2}, nullptr);
    file.reals("stack", {2, 3, 1}, {0, 1, 2, 3, 4, 5});
  }
  EXPECT_EQ(problem_of(path, "x"), "x.h5 (x): stores 0 bytes for the shape (100000000000, 2) (damaged?)");
  const auto stack = open_data(path, "stack");
  EXPECT_EQ(stack->stack(), 2);
  std::vector<Real> part(3);
  stack->read_rows(2, 3, part.data());
  EXPECT_EQ(part, (std::vector<Real>{2, 3, 4}));
}

// Found by tests/fuzz.
TEST(H5ad, NamesThatDoNotFitTheMatrix) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  {
    Writer file(path);
    file.reals("X", {2, 3}, {1, 2, 3, 4, 5, 6});
    file.texts("var/_index", {"a", "b"});
  }
  EXPECT_EQ(problem_of(path), "x.h5ad (X): has 3 columns, and var has 2 names (damaged?)");
}

// Found by tests/fuzz: HDF5 writes beyond its own memory where a reference is shorter than its text.
TEST(Hdf5, TextsThatAreNotAsLongAsTheFileSays) {
  const Folder folder;
  const std::string path = folder / "x.h5";
  {
    Writer file(path);
    file.texts("names", {"one text of some length", "another text, longer than the first"});
  }
  EXPECT_EQ(open_data(path, "names")->texts(1, 1, 0)[0], "another text, longer than the first");
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  int found = 0;
  for (std::uint32_t length : {24u, 23u, 36u, 35u})  // with and without the end of the text
    for (size_t at = bytes.find(bytes_of<std::uint32_t>({length})); at != bytes.npos;
         at = bytes.find(bytes_of<std::uint32_t>({length}), at + 1)) {
      std::string damaged = bytes;
      damaged[at] = 3;
      const std::string problem = problem_of(folder.write("d.h5", damaged), "names");
      found += problem == "d.h5 (names): its texts are not where the file says (damaged?)";
    }
  EXPECT_GE(found, 2);
}

TEST(H5ad, LabelsAreTextsOfCategories) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  {
    Writer file(path);
    file.reals("X", {3, 1}, {1, 2, 3});
    file.integers("obs/day/codes", {1, 0, -1});
    file.texts("obs/day/categories", {"day10", "day2"});
    file.integers("obs/hours/codes", {1, 0, 1});
    file.integers("obs/hours/categories", {7, 30});
    file.texts("obs/batch", {"a", "b", "a"});
  }
  EXPECT_EQ(open_data(path, "obs/day")->texts(0, 3, 0), (std::vector<std::string>{"day2", "day10", ""}));
  EXPECT_EQ(open_data(path, "obs/hours")->texts(0, 2, 0), (std::vector<std::string>{"30", "7"}));
  const auto batch = open_data(path, "obs/batch");
  EXPECT_TRUE(batch->has_texts(0));
  EXPECT_EQ(batch->texts(1, 2, 0), (std::vector<std::string>{"b", "a"}));
}

// anndata 0.7: codes that refer to their categories.
TEST(H5ad, CategoriesByReference) {
  const Folder folder;
  const std::string path = folder / "x.h5ad";
  {
    Writer file(path);
    file.reals("X", {2, 1}, {1, 2});
    file.integers("obs/day", {0, -1});
    file.texts("obs/__categories/day", {"Day 0"});
    file.integer_attribute("obs/day", "categories", {1});
  }
  EXPECT_EQ(problem_of(path, "obs/day"),
            "x.h5ad (obs/day): row 1 has no value; allowed: a category or number in every row");
  EXPECT_EQ(problem_of(path, "obs/dya"),
            "x.h5ad: has no matrix \"obs/dya\"; allowed: X, obs/day; did you mean \"obs/day\"?");
}

}  // namespace
}  // namespace weir
