// Whatever a file holds, the answer is its content or an InputError: never a crash, never another error.
#include <gtest/gtest.h>

#include <random>

#include "input/Files.hpp"
#include "input/Sample.hpp"

namespace weir {
namespace {

class Damage {
 public:
  std::string operator()(std::string bytes) {
    for (unsigned strokes = 1 + random_() % 4; strokes > 0 && !bytes.empty(); --strokes) {
      const size_t at = random_() % bytes.size();
      switch (random_() % 4) {
        case 0:
          bytes[at] = char(random_());
          break;
        case 1:
          bytes.erase(at, 1 + random_() % 5);
          break;
        case 2:
          bytes.insert(at, 1, "{}[]:,-&*#'\"\n \t|>%@`!?~0.e"[random_() % 26]);
          break;
        case 3:
          bytes.resize(at);
          break;
      }
    }
    return bytes;
  }

 private:
  std::mt19937 random_{1};
};

template <class Read>
void expect_content_or_input_error(const Read& read) {
  int sound = 0, refused = 0;
  for (int i = 0; i < 500; ++i) {
    try {
      read();
      ++sound;
    } catch (const InputError&) {
      ++refused;
    } catch (const std::exception& error) {
      FAIL() << error.what();
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(sound + refused, 500);
}

TEST(DamagedInput, Decks) {
  Damage damage;
  const std::string text = R"(weir: 1
run: {name: a, seed: 3}
try:
  initial: &initial {particles: 5, normal: {mean: [1, 2], covariance: [[1, 0], [0, 1]]}}
  potential: [flat, {quadratic: 2}]
  entropy: {coefficient: 0.1, by: "blob"}
  metrics: [mean, covariance]
  hidden: [1, 2]   # widths
)";
  expect_content_or_input_error([&] {
    const Deck deck = Deck::parse(damage(text), "d.yaml", "/");
    try {
      sample::read(deck);
    } catch (const InputError& error) {
      EXPECT_FALSE(deck.explain(error).empty());
      throw;
    }
  });
}

TEST(DamagedInput, Files) {
  Damage damage;
  const Folder folder;
  const std::string table = npy("'<f4'", "(3, 2)", bytes_of<float>({1, 2, 3, 4, 5, 6}));
  expect_content_or_input_error([&] { all_rows(folder.write("x.npy", damage(table))); });
  const std::string text = "a,\"b\",c\n1,2,3\n\"4\",5,6\n# end\n";
  expect_content_or_input_error([&] { all_rows(folder.write("x.csv", damage(text))); });
  const std::string images = std::string("\0\0\x08\x02\0\0\0\2\0\0\0\3", 12) + "abcdef";
  expect_content_or_input_error([&] { all_rows(folder.write("x.idx", damage(images))); });
}

}  // namespace
}  // namespace weir
