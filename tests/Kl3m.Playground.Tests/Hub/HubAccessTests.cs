using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Tests.Hub;

public sealed class HubAccessTests
{
    [Fact]
    public async Task The_token_opens_a_gated_model_and_never_goes_to_the_host_behind_a_redirect()
    {
        await using var hub = new HubFixture(new() { Gate = "hf_secret" });
        hub.Settings = hub.Settings with { Token = "hf_secret" };
        hub.AssertWhole(await hub.FetchAsync());
        Assert.All(hub.Hub.Requests, request => Assert.Equal(request.Host == "hub" ? "Bearer hf_secret" : null, request.Authorization));
        Assert.Contains(hub.Hub.Requests, request => request.Host == "storage");
        Assert.DoesNotContain("hf_secret", hub.Settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gated_model_without_a_token_says_how_to_get_one()
    {
        await using var hub = new HubFixture(new() { Gate = "hf_secret" });
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("set HF_TOKEN", problem.Message, StringComparison.Ordinal);
        Assert.Contains($"{hub.Settings.Endpoint}org/name", problem.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Time.Waits);
    }

    [Fact]
    public async Task Offline_asks_nobody_and_says_what_the_cache_lacks()
    {
        await using var hub = new HubFixture();
        hub.Settings = hub.Settings with { Offline = true };
        Assert.Contains("HF_HUB_OFFLINE", (await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync())).Message, StringComparison.Ordinal);
        WriteAsPython(hub);
        File.Delete(Path.Combine(hub.Snapshot, HubFixture.Shard2));
        Assert.Contains($"lacks {HubFixture.Shard2}", (await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(hub.Hub.Requests);
    }

    [Fact]
    public async Task An_endpoint_that_is_no_address_is_told_when_the_hub_is_needed_and_not_before()
    {
        await using var hub = new HubFixture();
        hub.Settings = hub.Settings with { Mistake = "HF_ENDPOINT is 'nowhere'." };
        Assert.Contains("HF_ENDPOINT", (await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync())).Message, StringComparison.Ordinal);
        Assert.Contains("HF_ENDPOINT", (await Assert.ThrowsAsync<HubException>(() => hub.Download().LookAsync(FakeHub.Id, default))).Message, StringComparison.Ordinal);
        WriteAsPython(hub);
        Assert.Equal(hub.Snapshot, await hub.FetchAsync());
        Assert.Empty(hub.Hub.Requests);
    }

    [Fact]
    public async Task A_cache_that_Python_wrote_is_used_without_any_request()
    {
        await using var hub = new HubFixture();
        WriteAsPython(hub);
        Assert.Equal(hub.Snapshot, await hub.FetchAsync());
        Assert.Empty(hub.Hub.Requests);
    }

    [Fact]
    public async Task What_Python_left_out_is_fetched_and_what_it_left_half_is_gone_on_with()
    {
        await using var hub = new HubFixture();
        WriteAsPython(hub);
        File.Delete(hub.Blob(HubFixture.Shard1));
        File.Delete(Path.Combine(hub.Snapshot, HubFixture.Shard1));
        File.WriteAllBytes(hub.Blob(HubFixture.Shard1) + ".incomplete", hub.Hub.Files[HubFixture.Shard1][..2_000_000]);
        hub.AssertWhole(await hub.FetchAsync());
        Assert.Equal(2_000_000, Assert.Single(hub.Hub.Fetches(HubFixture.Shard1)).From);
        Assert.Empty(hub.Hub.Sent(HubFixture.Shard2));
        Assert.Empty(hub.Hub.Sent("tokenizer.json"));
    }

    [Fact]
    public async Task Sizes_and_hashes_that_the_info_lacks_come_from_the_files_own_headers()
    {
        await using var hub = new HubFixture(new() { Silent = true });
        hub.AssertWhole(await hub.FetchAsync());
    }

    [Theory]
    [InlineData("org/other")]
    [InlineData("../../etc")]
    public async Task What_is_no_model_of_the_hub_is_named(string id)
    {
        await using var hub = new HubFixture();
        hub.Hub.Fail("info", FakeHub.Status(404));
        Assert.Contains(id, (await Assert.ThrowsAsync<HubException>(() => hub.Download().FetchAsync(id, _ => { }, default))).Message, StringComparison.Ordinal);
    }

    private static void WriteAsPython(HubFixture hub)
    {
        Array.ForEach(["blobs", "refs", "snapshots/" + FakeHub.Commit], folder => Directory.CreateDirectory(Path.Combine(hub.Repository, folder)));
        File.WriteAllText(Path.Combine(hub.Repository, "refs", "main"), FakeHub.Commit);
        foreach (var name in HubFixture.Needed)
        {
            File.WriteAllBytes(hub.Blob(name), hub.Hub.Files[name]);
            File.CreateSymbolicLink(Path.Combine(hub.Snapshot, name), $"../../blobs/{Path.GetFileName(hub.Blob(name))}");
        }
    }
}
