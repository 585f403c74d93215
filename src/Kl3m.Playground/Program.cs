using Kl3m.Playground;
using Kl3m.Playground.Administration;
using Kl3m.Playground.Api;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components;
using Kl3m.Playground.Edge;
using Kl3m.Playground.Hubs;
using Kl3m.Playground.Lifetime;
using Kl3m.Playground.Telemetry;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = ContentRoot.Find(AppContext.BaseDirectory) });
builder.WebHost.UseStaticWebAssets();

builder.Services.AddSingleton(TimeProvider.System);
builder.AddEdge();
builder.Services.AddGracefulShutdown();
builder.Services.AddBackends();
builder.Services.AddAdministrator();
builder.Services.AddApiDescription();
builder.Services.AddGenerationHub();
builder.Services.AddMetricsText();
builder.AddOpenTelemetryExport();
builder.Services.AddUserInterface();

var app = builder.Build();

app.UseEdge();
app.UseShutdownRefusals();
app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
app.UseApiErrors();
app.UseAdministrator();
app.UseAntiforgery();
app.MapStaticAssets();
app.MapStyles();
app.MapAccess();
app.MapHealth();
app.MapMetrics();
app.MapModels();
app.MapCompletions();
app.MapTokenize();
app.MapApiRefusals();
app.MapGenerationHub();
app.MapAdministrator();
app.MapOpenApi();
app.MapRazorComponents<App>().AddInteractiveServerRenderMode();

app.Run();
