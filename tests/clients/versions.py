"""Every generator and library that a client is made with: the versions that were tried."""

OPENAPI_GENERATOR = "7.25.0"
OPENAPI_PYTHON_CLIENT = "0.29.1"
OAPI_CODEGEN = "v2.8.2"
QUICKTYPE = "quicktype@26.0.0"
ASYNCAPI_PARSER = "@asyncapi/parser@3.6.6"
DATAMODEL_CODE_GENERATOR = "0.89.0"

NPM = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.43")
#: What the generated code and the samples import.
GO_OF_OAPI_CODEGEN = ("github.com/oapi-codegen/runtime@v1.9.0", "github.com/google/uuid@v1.6.0")
GO_OF_OPENAPI_GENERATOR = ("gopkg.in/validator.v2@v2.0.1", "github.com/google/uuid@v1.6.0")
PYTHON_OF_OPENAPI_PYTHON_CLIENT = ("attrs==26.1.0", "httpx==0.28.1", "python-dateutil==2.9.0.post0")
PYTHON_OF_OPENAPI_GENERATOR = (
    "pydantic==2.14.4",
    "python-dateutil==2.9.0.post0",
    "typing-extensions==4.16.0",
    "urllib3==2.8.0",
)
#: The generated project names the versions of its libraries itself.
MAVEN_DEPENDENCY_PLUGIN = "3.9.0"
#: An identity provider that the console signs in at.
KEYCLOAK = "26.4.7"
