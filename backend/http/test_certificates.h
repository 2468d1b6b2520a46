// Certificates made on the spot: a CA, a server's for 127.0.0.1 and localhost, a client's. Only for tests.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace podramp::http {

// A key and a certificate for it, as PEM texts.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

class TestCa {
 public:
  TestCa() : key_(new_key()), certificate_(sign(key_.get(), {{"CN", "test-ca"}}, "", true)) {}

  std::string certificate() const { return pem(certificate_.get()); }
  // names: the subject's parts in order, {"O", "group"}. alt_names: "IP:127.0.0.1,DNS:localhost", or "".
  TestIdentity issue(const std::vector<std::pair<std::string, std::string>>& names, const std::string& alt_names) {
    const Key key = new_key();
    const Certificate certificate = sign(key.get(), names, alt_names, false);
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {pem(certificate.get()), drained(out)};
  }
  TestIdentity issue_server() { return issue({{"CN", "test-server"}}, "IP:127.0.0.1,DNS:localhost"); }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static Key new_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }
  static std::string drained(BIO* out) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }
  static std::string pem(X509* certificate) {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    return drained(out);
  }
  static void extend(X509* certificate, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  Certificate sign(EVP_PKEY* key, const std::vector<std::pair<std::string, std::string>>& names,
                   const std::string& alt_names, bool is_ca) {
    Certificate made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), next_serial_++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 24 * 3600);
    X509_set_pubkey(made.get(), key);
    X509_NAME* subject = X509_get_subject_name(made.get());
    for (const auto& [field, value] : names) {
      X509_NAME_add_entry_by_txt(subject, field.c_str(), MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
    }
    X509_set_issuer_name(made.get(), is_ca ? subject : X509_get_subject_name(certificate_.get()));
    if (is_ca) extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    if (!alt_names.empty()) extend(made.get(), NID_subject_alt_name, alt_names);
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }

  long next_serial_ = 1;
  Key key_;
  Certificate certificate_{nullptr, &X509_free};
};

// A folder of its own that goes when the test does.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "podramp-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? "." : name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace podramp::http
