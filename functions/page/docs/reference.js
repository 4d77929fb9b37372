/* global SwaggerUIBundle */
SwaggerUIBundle({
  dom_id: "#reference",
  url: "/openapi.json",
  // Otherwise Swagger UI sends the document's address to a validator on another origin.
  validatorUrl: null,
  persistAuthorization: false,
});
