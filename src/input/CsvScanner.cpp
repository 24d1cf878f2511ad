#include "input/CsvScanner.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {
constexpr int end_of_file = -1;
constexpr Index buffer_size = 1 << 16;
}  // namespace

void CsvScanner::seek(Index offset, Index line) {
  buffer_.clear();
  buffer_offset_ = offset;
  at_ = 0;
  line_ = line;
}

std::string_view CsvScanner::field(Index i) const {
  const size_t first = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(content_).substr(first, ends_[i] - first);
}

int CsvScanner::peek() {
  if (at_ == buffer_.size()) {
    buffer_offset_ += Index(at_);
    at_ = 0;
    buffer_.resize(buffer_size);
    buffer_.resize(size_t(source_.read_some(buffer_offset_, buffer_.data(), buffer_size)));
    if (buffer_.empty()) return end_of_file;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvScanner::take() {
  const int letter = peek();
  if (letter == end_of_file) return letter;
  ++at_;
  if (letter == '\n') ++line_;
  return letter;
}

void CsvScanner::skip_line() {
  for (int letter = take(); letter != '\n' && letter != end_of_file;) letter = take();
}

void CsvScanner::skip_byte_order_mark() {
  if (buffer_offset_ + Index(at_) == 0 && peek() == 0xef && buffer_.compare(0, 3, "\xef\xbb\xbf") == 0)
    at_ += 3;
}

bool CsvScanner::next() {
  skip_byte_order_mark();
  while (peek() != end_of_file) {
    record_offset_ = buffer_offset_ + Index(at_);
    record_line_ = line_;
    if (peek() == '#') {
      skip_line();
      continue;
    }
    read_record();
    const bool blank = ends_.empty() || (ends_.size() == 1 && content_.empty());
    if (!blank) return true;
  }
  return false;
}

// Blanks that separate nothing, or are themselves the separator.
bool CsvScanner::is_space(int letter) const {
  return letter == ' ' || letter == '\r' || (letter == '\t' && separator_ != '\t');
}

void CsvScanner::read_record() {
  content_.clear();
  ends_.clear();
  while (read_field()) {
  }
}

// Whether another field follows in the record.
bool CsvScanner::read_field() {
  while (is_space(peek())) take();
  const bool by_blanks = separator_ == ' ';
  if (by_blanks && (peek() == '\n' || peek() == end_of_file)) {
    take();
    return false;
  }
  if (peek() == '"') read_quoted();
  size_t end = content_.size();
  int letter = take();
  for (; letter != '\n' && letter != end_of_file && letter != separator_ && !(by_blanks && is_space(letter));
       letter = take()) {
    content_ += char(letter);
    if (!is_space(letter)) end = content_.size();
  }
  content_.resize(end);
  ends_.push_back(end);
  return letter != '\n' && letter != end_of_file;
}

void CsvScanner::read_quoted() {
  take();
  while (true) {
    const int letter = take();
    if (letter == end_of_file)
      throw InputError(fmt::format("{}: line {}: a quote is not closed", source_.name(), record_line_));
    if (letter != '"') {
      content_ += char(letter);
    } else if (peek() == '"') {
      content_ += char(take());
    } else {
      return;
    }
  }
}

char CsvScanner::guess_separator(ByteSource& source) {
  std::string text(buffer_size, '\0');
  text.resize(size_t(source.read_some(0, text.data(), buffer_size)));
  size_t first = 0;
  while (first < text.size() && (text[first] == '#' || text[first] == '\r' || text[first] == '\n'))
    first = std::min(text.find('\n', first), text.size() - 1) + 1;
  bool quoted = false;
  std::string separators;
  for (; first < text.size() && (quoted || text[first] != '\n'); ++first) {
    if (text[first] == '"') quoted = !quoted;
    if (!quoted) separators += text[first];
  }
  for (char candidate : {'\t', ';', ','})
    if (separators.find(candidate) != separators.npos) return candidate;
  return ' ';
}

}  // namespace weir
