namespace Kl3m.Playground.Tests.Api;

public sealed class HostingTests
{
    [Fact]
    public void A_build_serves_from_the_repository_and_a_published_app_from_its_own_folder()
    {
        var top = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(top.FullName, "Kl3m.Playground.sln"), "");
            var build = top.CreateSubdirectory("src/app/bin");
            Assert.Equal(top.FullName, ContentRoot.Find(build.FullName));
            var published = top.CreateSubdirectory("out");
            published.CreateSubdirectory("wwwroot");
            Assert.Equal(published.FullName, ContentRoot.Find(published.FullName));
        }
        finally
        {
            top.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_page_comes_up_without_a_model()
    {
        using var client = new ApiClient(null);
        client.Factory.Catalogue.Failed("No weights.");
        using var response = await client.Http.GetAsync("/");
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task An_unknown_page_is_a_page_that_says_so()
    {
        using var client = new ApiClient(null);
        using var response = await client.Http.GetAsync("/no/such/page");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/design-tokens.css", "text/css")]
    [InlineData("/_content/MudBlazor/MudBlazor.min.css", "text/css")]
    [InlineData("/_framework/blazor.web.js", "text/javascript")]
    public async Task Static_files_come_from_the_root_folder_and_from_packages(string path, string type)
    {
        using var client = new ApiClient(null);
        using var response = await client.Http.GetAsync(path);
        response.EnsureSuccessStatusCode();
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }
}
