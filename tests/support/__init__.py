"""What tests share: databases, servers, threads that race."""
