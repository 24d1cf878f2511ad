#include "weir/base/Hdf5File.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "weir/base/Error.hpp"

namespace weir {
namespace {

class Hdf5FileParallel : public testing::Test {
 protected:
  void SetUp() override {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
    int id = int(getpid());
    MPI_Bcast(&id, 1, MPI_INT, 0, MPI_COMM_WORLD);
    path_ = (std::filesystem::temp_directory_path() / ("weir_hdf5_" + std::to_string(id) + ".h5")).string();
  }
  void TearDown() override {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank_ == 0) std::filesystem::remove(path_);
  }
  int rank_ = 0, ranks_ = 1;
  std::string path_;
};

TEST_F(Hdf5FileParallel, WhatIsWrittenIsRead) {
  const Index rows = 2 * ranks_ + 1, mine = rank_ == 0 ? 3 : 2, first = rank_ == 0 ? 0 : 2 * rank_ + 1;
  std::vector<Real> table(mine * 3);
  for (Index i = 0; i < mine * 3; ++i) table[i] = Real(first * 3 + i) + 0.25;
  {
    Hdf5File file(path_, MPI_COMM_WORLD, Hdf5File::Access::create);
    file.write_rows("/a/b/table", table.data(), mine, first, rows, 3);
    file.write("/small", {1, 2, 3, 4}, {2, 2});
    file.write("/small", {5, 6}, {2});  // replaces
    file.write_strings("/names", {"x0", "a longer name", ""});
    file.set_attribute("/a/b/table", "time", "soon");
    file.set_attribute("/a/b/table", "time", 0.5);  // replaces
    file.set_attribute("/", "title", "weir");
  }
  const Hdf5File file(path_, MPI_COMM_WORLD, Hdf5File::Access::read);
  std::vector<Real> read(mine * 3);
  file.read_rows("/a/b/table", read.data(), mine, first);
  EXPECT_EQ(read, table);
  EXPECT_EQ(file.shape("/a/b/table"), (std::vector<Index>{rows, 3}));
  EXPECT_EQ(file.read("/small"), (std::vector<Real>{5, 6}));
  EXPECT_EQ(file.read_strings("/names"), (std::vector<std::string>{"x0", "a longer name", ""}));
  EXPECT_EQ(file.attribute("/a/b/table", "time"), 0.5);
  EXPECT_EQ(file.text_attribute("/", "title"), "weir");
  EXPECT_EQ(file.members("/"), (std::vector<std::string>{"a", "names", "small"}));
  EXPECT_TRUE(file.has("/a/b/table"));
  EXPECT_FALSE(file.has("/a/c/table"));
}

TEST_F(Hdf5FileParallel, ErrorsCarryTheLibrarysText) {
  EXPECT_THROW(Hdf5File("/nowhere/at/all.h5", MPI_COMM_WORLD, Hdf5File::Access::read), LibraryError);
  Hdf5File file(path_, MPI_COMM_WORLD, Hdf5File::Access::create);
  try {
    file.read("/missing");
    FAIL() << "nothing was thrown";
  } catch (const LibraryError& error) {
    EXPECT_NE(std::string(error.what()).find("HDF5: "), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("H5Dopen2"), std::string::npos);
  }
}

}  // namespace
}  // namespace weir
