/* global SwaggerUIBundle */
SwaggerUIBundle({
  dom_id: "#reference",
  url: "/openapi.json",
  // Another origin would be asked to judge the document.
  validatorUrl: null,
  persistAuthorization: false,
});
