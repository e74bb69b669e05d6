# SPDX-License-Identifier: Apache-2.0
"""/openapi.json: the Compute API at a microversion, as OpenAPI 3.1."""
