#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// A macro of its library.
static inline int tls_name(SSL *ssl, const char *host) { return SSL_set_tlsext_host_name(ssl, host); }
