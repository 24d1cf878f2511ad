#include <gtest/gtest.h>
#include <zip.h>

#include <limits>

#include "input/Files.hpp"

namespace weir {
namespace {

template <class T>
void expect_type(const std::string& name, const std::vector<T>& values) {
  const Folder folder;
  const std::vector<Real> expected(values.begin(), values.end());
  const std::string shape = "(" + std::to_string(values.size()) + ",)";
  for (const bool swapped : {false, true}) {
    const std::string descr = std::string("'") + (swapped ? ">" : "<") + name + "'";
    const auto path = folder.write("x.npy", npy(descr, shape, bytes_of(values, swapped)));
    EXPECT_EQ(all_rows(path), expected) << descr;
  }
}

TEST(Npy, ReadsEveryTypeOfBothEndiannesses) {
  expect_type<double>("f8", {1.5, -2e300, 0.1});
  expect_type<float>("f4", {1.5f, -2e30f, 0.1f});
  expect_type<std::int8_t>("i1", {-128, 127, 3});
  expect_type<std::int16_t>("i2", {-32768, 32767, 3});
  expect_type<std::int32_t>("i4", {-2147483647, 2147483647, 3});
  expect_type<std::int64_t>("i8", {-(1ll << 53), 1ll << 53, 3});
  expect_type<std::uint8_t>("u1", {0, 255, 3});
  expect_type<std::uint16_t>("u2", {0, 65535, 3});
  expect_type<std::uint32_t>("u4", {0, 4294967295u, 3});
  expect_type<std::uint64_t>("u8", {0, 1ull << 63, 3});
}

TEST(Npy, ReadsHalvesAndTruthValues) {
  const Folder folder;
  // 1, -2, 65504 (the largest), 2^-24 (the smallest), 0.333251953125
  const std::vector<std::uint16_t> halves{0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555};
  EXPECT_EQ(all_rows(folder.write("h.npy", npy("'<f2'", "(5,)", bytes_of(halves)))),
            (std::vector<Real>{1, -2, 65504, 5.9604644775390625e-08, 0.333251953125}));
  EXPECT_EQ(all_rows(folder.write("b.npy", npy("'|b1'", "(3,)", std::string("\1\0\1", 3)))),
            (std::vector<Real>{1, 0, 1}));
}

TEST(Npy, VersionsOfTheFormat) {
  const Folder folder;
  for (const int version : {1, 2, 3})
    EXPECT_EQ(all_rows(folder.write("x.npy", npy("'<f8'", "(1, 2)", bytes_of<double>({3, 4}), version))),
              (std::vector<Real>{3, 4}));
}

TEST(Npy, FlattensLaterAxesInBothOrders) {
  const Folder folder;
  std::vector<double> values(24), transposed(24);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        transposed[i + 2 * (j + 3 * k)] = values[(i * 3 + j) * 4 + k] = 100 * i + 10 * j + k;
  const auto c = open_data(folder.write("c.npy", npy("'<f8'", "(2, 3, 4)", bytes_of(values))));
  const auto f = open_data(folder.write("f.npy", npy("'<f8'", "(2, 3, 4)", bytes_of(transposed), 1, true)));
  EXPECT_EQ(c->rows(), 2);
  EXPECT_EQ(c->columns(), 12);
  EXPECT_EQ(all_rows(*c), std::vector<Real>(values.begin(), values.end()));
  EXPECT_EQ(all_rows(*f), all_rows(*c));
  std::vector<Real> part(2);
  f->read_columns(1, 1, {11, 5}, part.data());
  EXPECT_EQ(part, (std::vector<Real>{123, 111}));
}

TEST(Npy, ReadsPartsInAnyOrder) {
  const Folder folder;
  std::vector<float> values(3000 * 50);  // more than is read in one piece
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(i);
  const std::string bytes = npy("'<f4'", "(3000, 50)", bytes_of(values));
  for (const auto& path : {folder.write("x.npy", bytes), folder.write_gz("x.npy.gz", bytes)}) {
    const auto reader = open_data(path);
    for (const Index first : {2990, 7, 1500}) {
      std::vector<Real> part(10 * 2);
      reader->read_columns(first, 10, {49, 3}, part.data());
      for (Index i = 0; i < 10; ++i) {
        EXPECT_EQ(part[2 * i], Real((first + i) * 50 + 49));
        EXPECT_EQ(part[2 * i + 1], Real((first + i) * 50 + 3));
      }
    }
    EXPECT_EQ(all_rows(*reader), std::vector<Real>(values.begin(), values.end()));
  }
}

TEST(Npy, WhatIsNoTableOfNumbers) {
  const Folder folder;
  const auto problem = [&](const std::string& bytes) { return problem_of(folder.write("x.npy", bytes)); };
  const std::string eight(8, '\0');
  EXPECT_EQ(problem(""), "x.npy: is no .npy file (does not start with \\x93NUMPY)");
  EXPECT_EQ(problem("PK\3\4 something else"), "x.npy: is no .npy file (does not start with \\x93NUMPY)");
  EXPECT_EQ(problem(npy("'<f8'", "(1,)", eight, 4)), "x.npy: has format version 4; allowed: 1 to 3");
  EXPECT_EQ(
      problem(npy("'|O'", "(1,)", eight)),
      "x.npy: holds pickled Python objects; allowed: an array of numbers (numpy.save(.., x.astype(float)))");
  EXPECT_EQ(
      problem(npy("'|O8'", "(1,)", eight)),
      "x.npy: holds pickled Python objects; allowed: an array of numbers (numpy.save(.., x.astype(float)))");
  EXPECT_EQ(problem(npy("'<U5'", "(1,)", eight)), "x.npy: holds text; allowed: numbers");
  EXPECT_EQ(problem(npy("'<M8[ns]'", "(1,)", eight)),
            "x.npy: holds dates; allowed: numbers (x.astype('datetime64[h]').astype(float) are hours)");
  EXPECT_EQ(problem(npy("what", "(1,)", eight)),
            "x.npy: holds records of several fields; allowed: an array of numbers");
  EXPECT_EQ(problem(npy("'<f8'", "(one,)", eight)),
            "x.npy: has a header that numpy.save does not write (damaged?); save the array again");
  EXPECT_EQ(problem("\x80\4\x95 pickled"), "x.npy: is a Python pickle; save the array by numpy.save");
  EXPECT_EQ(problem(npy("'<c16'", "(1,)", eight + eight)),
            "x.npy: holds complex numbers; allowed: real ones (x.real, x.imag)");
  EXPECT_EQ(problem(npy("[('a', '<f8')]", "(1,)", eight)),
            "x.npy: holds records of several fields; allowed: an array of numbers");
  EXPECT_EQ(problem(npy("'<f8'", "()", eight)),
            "x.npy: is a single number; allowed: an array of one axis or more");
  EXPECT_EQ(problem(npy("'<f8'", "(4611686018427387904, 4)", eight)),
            "x.npy: has the impossible shape (4611686018427387904, 4)");
}

TEST(Npy, PopulationsOfThreeAxes) {
  const Folder folder;
  std::vector<double> values(2 * 3 * 2);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i);
  std::vector<double> fortran(values.size());
  for (int p = 0; p < 2; ++p)
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < 2; ++c) fortran[size_t(p + 2 * (i + 3 * c))] = values[size_t((p * 3 + i) * 2 + c)];
  for (const auto& path : {folder.write("c.npy", npy("'<f8'", "(2, 3, 2)", bytes_of(values))),
                           folder.write("f.npy", npy("'<f8'", "(2, 3, 2)", bytes_of(fortran), 1, true))}) {
    const auto reader = open_data(path);
    EXPECT_EQ(reader->columns(), 6);
    EXPECT_EQ(reader->stack(), 2);
    EXPECT_EQ(reader->rows(), 6);
    EXPECT_EQ(reader->columns(), 2);
    EXPECT_EQ(all_rows(*reader), std::vector<Real>(values.begin(), values.end()));
    std::vector<Real> part(3);
    reader->read_columns(2, 3, {1}, part.data());  // over the end of a population
    EXPECT_EQ(part, (std::vector<Real>{5, 7, 9}));
  }
  EXPECT_EQ(open_data(folder.write("m.npy", npy("'<f8'", "(6, 2)", bytes_of(values))))->stack(), 0);
}

TEST(Npy, TruncatedFiles) {
  const Folder folder;
  const std::string whole = npy("'<f8'", "(2, 3)", bytes_of<double>({1, 2, 3, 4, 5, 6}));
  const auto problem = [&](size_t size) { return problem_of(folder.write("x.npy", whole.substr(0, size))); };
  EXPECT_EQ(problem(whole.size()), "");
  EXPECT_EQ(problem(whole.size() - 1),
            "x.npy: has 175 bytes; its header, shape (2, 3), tells of 176 (truncated?)");
  EXPECT_EQ(problem(40), "x.npy: ends after 40 bytes; 128 are needed (truncated?)");
  EXPECT_EQ(problem(5), "x.npy: is no .npy file (does not start with \\x93NUMPY)");
}

TEST(Npy, NumbersMustBeFinite) {
  const Folder folder;
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto path = folder.write("x.npy", npy("'<f8'", "(2, 3)", bytes_of<double>({1, 2, 3, 4, nan, inf})));
  EXPECT_EQ(problem_of(path), "x.npy: row 1, column 1 is nan; allowed: finite numbers");
  std::vector<Real> part(2);
  const auto reader = open_data(path);
  reader->read_columns(0, 2, {0}, part.data());
  EXPECT_EQ(part, (std::vector<Real>{1, 4}));
  EXPECT_THROW(reader->read_columns(0, 2, {2}, part.data()), InputError);
}

std::string write_zip(const Folder& folder, const std::vector<std::pair<std::string, std::string>>& members,
                      int method) {
  const std::string path = folder / "x.npz";
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const auto& [name, bytes] : members) {
    const zip_int64_t index =
        zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    zip_set_file_compression(archive, zip_uint64_t(index), method, 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  return path;
}

TEST(Npz, ReadsStoredAndDeflatedMembers) {
  const Folder folder;
  std::vector<double> values(200000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i % 1000);
  const std::string x = npy("'<f8'", "(100000, 2)", bytes_of(values)),
                    y = npy("'<i4'", "(1,)", bytes_of<int>({7}));
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    const std::string path = write_zip(folder, {{"x.npy", x}, {"y.npy", y}}, method);
    EXPECT_EQ(all_rows(path, "y"), std::vector<Real>{7});
    const auto reader = open_data(path, "x");
    ASSERT_EQ(reader->rows(), 100000);
    std::vector<Real> row(2);
    for (const Index i : {99999, 5, 50000, 50001}) {  // forwards and backwards
      reader->read_rows(i, 1, row.data());
      EXPECT_EQ(row[0], Real(2 * i % 1000));
      EXPECT_EQ(row[1], Real((2 * i + 1) % 1000));
    }
  }
}

TEST(Npz, NamesOfMembers) {
  const Folder folder;
  const std::string y = npy("'<i4'", "(1,)", bytes_of<int>({7}));
  const auto one = write_zip(folder, {{"only.npy", y}}, ZIP_CM_STORE);
  EXPECT_EQ(all_rows(one), std::vector<Real>{7});
  const auto two = write_zip(folder, {{"first.npy", y}, {"second.npy", y}}, ZIP_CM_STORE);
  EXPECT_EQ(problem_of(two), "x.npz: holds several arrays; allowed as `dataset`: first, second");
  EXPECT_EQ(problem_of(two, "frist"),
            "x.npz: has no array \"frist\"; allowed: first, second; did you mean \"first\"?");
  EXPECT_EQ(problem_of(write_zip(folder, {{"readme.txt", "hello"}}, ZIP_CM_STORE)), "x.npz: holds no array");
}

TEST(Npz, DamagedArchives) {
  const Folder folder;
  std::vector<double> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i * i);
  const auto path = write_zip(folder, {{"x.npy", npy("'<f8'", "(1000,)", bytes_of(values))}}, ZIP_CM_DEFLATE);
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  // What follows are libzip's own words.
  EXPECT_EQ(problem_of(folder.write("t.npz", bytes.substr(0, bytes.size() / 2)))
                .rfind("t.npz: cannot be read as a zip archive: ", 0),
            0u);
  for (size_t i = 400; i < 500; ++i) bytes[i] = char(~bytes[i]);
  EXPECT_EQ(problem_of(folder.write("d.npz", bytes)).rfind("d.npz (x.npy): cannot be unpacked: ", 0), 0u);

  const auto stored =
      write_zip(folder, {{"x.npy", npy("'<i4'", "(2,)", bytes_of<int>({7, 8}))}}, ZIP_CM_STORE);
  std::ifstream stored_stream(stored, std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(stored_stream), {});
  bytes[bytes.find(bytes_of<int>({7, 8}))] = 9;
  EXPECT_EQ(problem_of(folder.write("s.npz", bytes)), "s.npz (x.npy): cannot be unpacked: CRC error");
}

std::string idx(unsigned char type, const std::vector<int>& shape, const std::string& data) {
  return std::string("\0\0", 2) + char(type) + char(shape.size()) + bytes_of(shape, true) + data;
}

TEST(Idx, ReadsEveryType) {
  const Folder folder;
  const auto values = [&](const std::string& bytes) { return all_rows(folder.write("x-idx2-ubyte", bytes)); };
  EXPECT_EQ(values(idx(8, {1, 2}, "\x01\xff")), (std::vector<Real>{1, 255}));
  EXPECT_EQ(values(idx(9, {1, 2}, "\x01\xff")), (std::vector<Real>{1, -1}));
  EXPECT_EQ(values(idx(11, {2}, bytes_of<std::int16_t>({-300, 300}, true))), (std::vector<Real>{-300, 300}));
  EXPECT_EQ(values(idx(12, {2}, bytes_of<std::int32_t>({-70000, 7}, true))), (std::vector<Real>{-70000, 7}));
  EXPECT_EQ(values(idx(13, {2}, bytes_of<float>({0.5f, 7}, true))), (std::vector<Real>{0.5, 7}));
  EXPECT_EQ(values(idx(14, {2}, bytes_of<double>({0.1, 7}, true))), (std::vector<Real>{0.1, 7}));
}

TEST(Idx, ImagesAreRowsAndNamesVary) {
  const Folder folder;
  const std::string bytes = idx(8, {2, 2, 2}, "\1\2\3\4\5\6\7\10");
  for (const auto& path :
       {folder.write_gz("train-images-idx3-ubyte.gz", bytes), folder.write("train-images.idx3-ubyte", bytes),
        folder.write("images.idx", bytes)}) {
    const auto reader = open_data(path);
    EXPECT_EQ(reader->rows(), 2);
    EXPECT_EQ(reader->columns(), 4);
    EXPECT_EQ(all_rows(*reader), (std::vector<Real>{1, 2, 3, 4, 5, 6, 7, 8}));
  }
}

TEST(Idx, DamagedFiles) {
  const Folder folder;
  EXPECT_EQ(problem_of(folder.write("a.idx", "abcdefgh")),
            "a.idx: is no IDX file (does not start with two zero bytes and a type)");
  EXPECT_EQ(problem_of(folder.write("b.idx", "")), "b.idx: ends after 0 bytes; 4 are needed (truncated?)");
  EXPECT_EQ(problem_of(folder.write("c.idx", idx(8, {2, 2}, "\1\2\3"))),
            "c.idx: has 15 bytes; its header, shape (2, 2), tells of 16 (truncated?)");
  EXPECT_EQ(problem_of(folder.write_gz("d.idx.gz", idx(8, {2, 2}, "\1\2\3"))),
            "d.idx.gz: ends after 15 bytes; 16 are needed (truncated?)");
}

TEST(Gzip, TruncatedOrDamaged) {
  const Folder folder;
  EXPECT_EQ(problem_of(folder.write_gz("s.npy.gz", npy("'<f8'", "(100000000000, 2)", ""))),
            "s.npy.gz: is too small for its header's shape, (100000000000, 2) (damaged?)");
  std::vector<double> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i * i);
  const auto path = folder.write_gz("x.npy.gz", npy("'<f8'", "(1000,)", bytes_of(values)));
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(problem_of(path), "");
  const std::string cut = problem_of(folder.write("c.npy.gz", bytes.substr(0, bytes.size() / 2)));
  EXPECT_EQ(cut.rfind("c.npy.gz: cannot be unpacked: ", 0), 0u) << cut;
  // No header tells of the rows that a text has lost.
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) text += std::to_string(i * i) + "\n";
  std::ifstream text_stream(folder.write_gz("x.csv.gz", text), std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(text_stream), {}};
  const std::string cut_text = problem_of(folder.write("c.csv.gz", packed.substr(0, packed.size() / 2)));
  EXPECT_EQ(cut_text.rfind("c.csv.gz: cannot be unpacked: ", 0), 0u) << cut_text;
  for (size_t i = 500; i < 600; ++i) bytes[i] = char(~bytes[i]);
  const std::string damaged = problem_of(folder.write("d.npy.gz", bytes));
  EXPECT_EQ(damaged.rfind("d.npy.gz: cannot be unpacked: ", 0), 0u) << damaged;
}

TEST(OpenData, FilesThatCannotBeRead) {
  const Folder folder;
  EXPECT_EQ(problem_of(folder / "no.npy"), "no.npy: there is no such file");
  std::filesystem::create_directory(folder / "d.npy");
  EXPECT_EQ(problem_of(folder / "d.npy"), "d.npy: is a folder; allowed: a file");
  EXPECT_EQ(problem_of(folder.write("x.mat", "")),
            "x.mat: is of an unknown kind; allowed: .npy, .csv, .tsv, .txt, .dat and IDX files (gzipped or "
            "not), .npz, .h5, "
            ".hdf5, .h5ad");
  EXPECT_EQ(problem_of(folder.write("x.csv", "1"), "X"),
            "x.csv: holds one table only; leave out `dataset` (found \"X\")");
}

}  // namespace
}  // namespace weir
