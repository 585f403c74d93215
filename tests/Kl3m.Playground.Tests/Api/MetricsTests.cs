using System.Diagnostics.Metrics;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Telemetry;

namespace Kl3m.Playground.Tests.Api;

public sealed class MetricsTests
{
    [Fact]
    public void Each_kind_of_instrument_is_written_as_Prometheus_reads_it()
    {
        using var metrics = new PrometheusMetrics();
        using (var meter = new Meter(EngineMetrics.MeterName))
        {
            var model = new KeyValuePair<string, object?>("gen_ai.request.model", "a\"b");
            var counter = meter.CreateCounter<long>("test.tokens", "{token}", "Tokens.");
            counter.Add(2, model);
            counter.Add(3, model);
            meter.CreateObservableGauge("test.waiting", () => new Measurement<int>(4, model));
            var histogram = meter.CreateHistogram<double>("test.duration", "s");
            histogram.Record(0.3);
            histogram.Record(200);
            var text = metrics.Write();
            Assert.Contains("# HELP test_tokens_total Tokens.\n# TYPE test_tokens_total counter\ntest_tokens_total{gen_ai_request_model=\"a\\\"b\"} 5\n", text, StringComparison.Ordinal);
            Assert.Contains("# TYPE test_waiting gauge\ntest_waiting{gen_ai_request_model=\"a\\\"b\"} 4\n", text, StringComparison.Ordinal);
            Assert.Contains("test_duration_seconds_bucket{le=\"0.25\"} 0\ntest_duration_seconds_bucket{le=\"0.5\"} 1\n", text, StringComparison.Ordinal);
            Assert.Contains("test_duration_seconds_bucket{le=\"+Inf\"} 2\ntest_duration_seconds_sum 200.3\ntest_duration_seconds_count 2\n", text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("test_waiting", metrics.Write(), StringComparison.Ordinal); // a meter that is gone has no gauges
    }

    [Theory]
    [InlineData("/Metrics")]
    [InlineData("/metrics/")]
    public async Task A_spelling_that_a_proxy_would_let_through_finds_nothing(string path)
    {
        using var client = new ApiClient(null);
        using var response = await client.Http.GetAsync(path);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task The_endpoint_speaks_the_text_format()
    {
        using var client = new ApiClient(null);
        await client.Http.GetAsync("/health/live");
        using var response = await client.Http.GetAsync("/metrics");
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains("http_server_request_duration_seconds_count{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
