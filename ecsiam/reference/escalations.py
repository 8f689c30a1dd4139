"""Actions by which a role can come to more than it was given, alone and without `iam:PassRole`.

An action is here if whoever may do it, and nothing else, can change what an identity may do or who becomes it (`limits`
to `iam`), obtain the credentials of another identity (`assume`, `sign-in`, `session`, `hosts`), set what runs under a
role that somebody else has passed (`override`, `code`), or write the policy of a resource, in which it can name itself
(`open`: in one account such a policy is enough). Not here: what names a role in every request or runs under none but
a role so named, since iam:PassRole decides there (`ecs:RunTask`, `lambda:CreateFunction`); what a deployment is made of
(`ecs:UpdateService`, `ecr:PutImage`); what gives to others only (an ACL, a share, a snapshot's attribute).
`reviewed.py` has the rule by which candidates are found in AWS's descriptions, and why each of the others is not here.
"""

from functools import cache

from attrs import frozen

from ecsiam.model.condition import Block

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_SERVICES = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_IAM = f"{_SERVICES}/list_awsidentityandaccessmanagementiam.html"
_STS = f"{_SERVICES}/list_awssecuritytokenservice.html"
_HOSTS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ec2-security-considerations.html"
_BATCH = f"{_SERVICES}/list_awsbatch.html"
_ALL = f"{_SERVICES}/reference_policies_actions-resources-contextkeys.html"


@frozen
class Escalation:
    """Action patterns that lead the same way; an action belongs to the first group that names it.

    `names` are lines of `service: Name Name`, names being patterns; service `*` is every service that has the action.
    """

    group: str
    why: str
    page: str
    names: str

    @property
    def actions(self) -> tuple[str, ...]:
        """The patterns, `iam:Attach*`."""
        return patterns(self.names)


@cache
def patterns(names: str) -> tuple[str, ...]:
    """Action patterns from lines of `service: Name Name`."""
    found: list[str] = []
    for line in filter(None, map(str.strip, names.splitlines())):
        service, _, rest = line.partition(": ")
        found += (f"{service}:{name}" for name in rest.split())
    return tuple(found)


# Requests of these actions that are no way up after all.
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
UNLESS: dict[str, Block] = {
    "iam:CreateServiceLinkedRole": {
        "StringEquals": {"iam:AWSServiceName": ("ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com")}
    },
    "kms:CreateGrant": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
}

ESCALATIONS: tuple[Escalation, ...] = (
    Escalation(
        "policies",
        "writes what an identity may do, its own rights included",
        f"{_GUIDE}/access_policies_manage-attach-detach.html",
        """
        iam: AddUserToGroup Attach* CreatePolicy CreatePolicyVersion PutGroupPolicy PutRolePolicy PutUserPolicy
        iam: SetDefaultPolicyVersion
        """,
    ),
    Escalation(
        "limits",
        "takes away a boundary or a Deny that holds an identity back",
        f"{_GUIDE}/access_policies_boundaries.html",
        """
        budgets: ExecuteBudgetAction
        iam: DeleteGroupPolicy DeletePolicy DeletePolicyVersion DeleteRolePermissionsBoundary DeleteRolePolicy
        iam: DeleteUserPermissionsBoundary DeleteUserPolicy Detach* PutRolePermissionsBoundary
        iam: PutUserPermissionsBoundary RemoveUserFromGroup
        organizations: AttachPolicy DeletePolicy DetachPolicy DisablePolicyType LeaveOrganization MoveAccount
        organizations: UpdatePolicy
        """,
    ),
    Escalation(
        "trust",
        "decides who may assume a role and for how long",
        f"{_GUIDE}/id_roles_update-role-trust-policy.html",
        """
        iam: UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription
        """,
    ),
    Escalation(
        "identities",
        "makes, renames or removes the identities that policies and trusts name",
        f"{_GUIDE}/id.html",
        """
        iam: AddRoleToInstanceProfile CreateGroup CreateInstanceProfile CreateRole CreateServiceLinkedRole
        iam: CreateUser DeleteGroup DeleteInstanceProfile DeleteRole DeleteServiceLinkedRole DeleteUser
        iam: RemoveRoleFromInstanceProfile UpdateGroup UpdateUser
        """,
    ),
    Escalation(
        "credentials",
        "makes or changes credentials of a user, and so becomes that user",
        f"{_GUIDE}/security-creds.html",
        """
        iam: ChangePassword CreateAccessKey CreateLoginProfile CreateServiceSpecificCredential CreateVirtualMFADevice
        iam: DeactivateMFADevice DeleteAccessKey DeleteLoginProfile DeleteSSHPublicKey DeleteServiceSpecificCredential
        iam: DeleteSigningCertificate DeleteVirtualMFADevice EnableMFADevice ResetServiceSpecificCredential
        iam: ResyncMFADevice UpdateAccessKey UpdateLoginProfile UpdateSSHPublicKey UpdateServiceSpecificCredential
        iam: UpdateSigningCertificate UploadSSHPublicKey UploadSigningCertificate
        """,
    ),
    Escalation(
        "providers",
        "decides whose tokens count when a federated identity asks for a role",
        f"{_GUIDE}/id_roles_providers.html",
        """
        iam: AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider CreateSAMLProvider
        iam: DeleteOpenIDConnectProvider DeleteSAMLProvider RemoveClientIDFromOpenIDConnectProvider
        iam: UpdateOpenIDConnectProviderThumbprint UpdateSAMLProvider
        sso: CreateTrustedTokenIssuer UpdateTrustedTokenIssuer
        """,
    ),
    Escalation(
        "tags",
        "changes the tags by which policies tell identities apart",
        f"{_GUIDE}/introduction_attribute-based-access-control.html",
        """
        cognito-identity: SetPrincipalTagAttributeMap
        iam: Tag* Untag*
        rolesanywhere: PutAttributeMapping
        sso: CreateInstanceAccessControlAttributeConfiguration UpdateInstanceAccessControlAttributeConfiguration
        """,
    ),
    Escalation(
        "iam",
        "changes IAM in some other way",
        _IAM,
        """
        iam: Ac* Add* Associate* Create* Deactivate* Delete* Disable* Enable* Put* Reject* Remove* Reset*
        iam: Resync* SendDelegationToken Set* Update* Upload*
        """,
    ),
    Escalation(
        "assume",
        "obtains the credentials of another identity",
        _STS,
        """
        cloudwatch: AssumeAccessProfile GetSpaceCredentials GetSpaceCredentialsForOrganization
        codepipeline: GetJobDetails GetThirdPartyJobDetails PollForJobs PollForThirdPartyJobs
        datazone: GetDomainExecutionRoleCredentials GetEnvironmentCredentials
        deadline: Assume*Role*
        eks-auth: AssumeRoleForPodIdentity
        finspace-api: GetProgrammaticAccessCredentials
        iq-permission: AssumePermissionRole
        lightsail: CreateBucketAccessKey
        ssm: GetAccessToken RequestManagedInstanceRoleToken
        sts: AssumeRole* AssumeRoot GetDelegatedAccessToken
        """,
    ),
    Escalation(
        "sign-in",
        "decides who signs in as which role outside IAM's own trust policies",
        f"{_GUIDE}/id_roles.html",
        """
        account-access: CreateEntitlement
        chatbot: UpdateMicrosoftTeamsChannelConfiguration UpdateSlackChannelConfiguration
        cloud9: CreateEnvironmentMembership UpdateEnvironmentMembership
        cloudwatch: CreateAccessGrant CreateAccessProfile CreateDomainAccessGrantForOrganization UpdateAccessProfile
        codecatalyst: CreateSpaceAdminRoleAssignment
        cognito-identity: GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity
        cognito-identity: SetIdentityPoolRoles UpdateIdentityPool
        deadline: AssociateMemberToFarm AssociateMemberToFleet AssociateMemberToJob AssociateMemberToQueue
        ds: ResetUserPassword
        ds-data: AddGroupMember
        eks: AssociateAccessPolicy AssociateIdentityProviderConfig CreateAccessEntry UpdateAccessEntry
        elasticmapreduce: CreateStudioSessionMapping PutWorkspaceAccess UpdateStudioSessionMapping
        identitystore: CreateGroupMembership
        iot: AttachPolicy AttachPrincipalPolicy CreatePolicyVersion SetDefaultPolicyVersion
        opsworks: SetPermission UpdateMyUserProfile UpdateUserProfile
        rolesanywhere: CreateProfile CreateTrustAnchor DeleteCrl DisableCrl EnableProfile EnableTrustAnchor ImportCrl
        rolesanywhere: UpdateCrl UpdateProfile UpdateTrustAnchor
        servicecatalog: AssociatePrincipalWithPortfolio
        sso: AssociateDirectory AssociateProfile Attach* CreateAccountAssignment CreateTrust
        sso: DeleteInlinePolicyFromPermissionSet DeletePermissionsBoundaryFromPermissionSet Detach*
        sso: ProvisionPermissionSet PutInlinePolicyToPermissionSet PutPermissionsBoundaryToPermissionSet
        sso: PutPermissionsPolicy UpdatePermissionSet UpdateProfile UpdateTrust
        sso-directory: AddMemberToGroup CreateBearerToken UpdatePassword
        transfer: ImportSshPublicKey UpdateUser
        """,
    ),
    Escalation(
        "session",
        "runs commands where another role's credentials are at hand, in a task or on an instance",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html",
        """
        airflow: CreateCliToken CreateWebLoginToken InvokeRestApi
        appstream: CreateAppBlockBuilderStreamingURL CreateImageBuilderStreamingURL CreateStreamingURL
        athena: CreatePresignedNotebookUrl GetSessionEndpoint StartCalculationExecution
        bedrock-agentcore: ConnectBrowserAutomationStream ConnectBrowserLiveViewStream InvokeAgentRuntimeCommand
        bedrock-agentcore: InvokeAgentRuntimeCommandShell InvokeCodeInterpreter
        cloud9: CreateEnvironmentToken ModifyTemporaryCredentialsOnEnvironmentEC2
        codebuild: StartCommandExecution StartSandbox StartSandboxConnection
        ec2-instance-connect: OpenTunnel SendSSHPublicKey SendSerialConsoleSSHPublicKey
        ecs: ExecuteCommand
        elasticmapreduce: AttachEditor CreateStudioPresignedUrl GetClusterSessionCredentials GetSessionEndpoint
        elasticmapreduce: OpenEditorInConsole StartSession
        emr-containers: GetManagedEndpointSessionCredentials
        emr-serverless: GetSessionEndpoint
        gamelift: GetComputeAccess GetInstanceAccess
        glue: GlueNotebookAuthorize GlueNotebookRefreshCredentials RunDataPreviewStatement RunStatement
        lambda: ConnectMicrovm CreateMicrovmAuthToken CreateMicrovmShellAuthToken
        lightsail: DownloadDefaultKeyPair GetInstanceAccessDetails
        opsworks: CreateDeployment
        sagemaker: CreatePresignedDomainUrl CreatePresignedNotebookInstanceUrl StartSession
        servicecatalog: ExecuteProvisionedProductServiceAction
        ssm: CreateAssociation CreateAssociationBatch RegisterTaskWithMaintenanceWindow ResumeSession SendCommand
        ssm: StartAutomationExecution StartChangeRequestExecution StartSession UpdateAssociation
        ssm: UpdateMaintenanceWindowTask
        ssm-guiconnect: StartConnection
        """,
    ),
    Escalation(
        "override",
        "runs a command or script of the caller's choice under the role of a job that is defined already",
        _BATCH,
        """
        batch: SubmitJob
        codebuild: StartBuild StartBuildBatch
        deadline: CreateJob
        emr-containers: CreateManagedEndpoint StartJobRun
        glue: CreateTrigger StartJobRun UpdateTrigger
        """,
    ),
    Escalation(
        "hosts",
        "puts a host or container of the caller's choice where tasks of others run with their credentials",
        _HOSTS,
        """
        ecs: CreateDaemon Poll RegisterContainerInstance RegisterDaemonTaskDefinition UpdateDaemon
        ssm: UpdateManagedInstancePublicKey
        """,
    ),
    Escalation(
        "code",
        "changes what runs under a role that somebody else has passed already",
        _ALL,
        """
        airflow: UpdateEnvironment
        amplify: CreateBranch UpdateApp UpdateBranch
        apprunner: UpdateService
        appsync: CreateFunction CreateResolver UpdateFunction UpdateResolver
        athena: ImportNotebook UpdateNotebook
        batch: UpdateComputeEnvironment
        bedrock-agentcore: CreateGatewayTarget UpdateGatewayTarget UpdateHarness
        budgets: UpdateBudgetAction
        cloudformation: CreateChangeSet CreateStackInstances CreateStackSet ExecuteChangeSet SetTypeDefaultVersion
        cloudformation: UpdateStack UpdateStackInstances UpdateStackSet
        codebuild: UpdateProject
        codedeploy: CreateDeployment
        deadline: CreateQueueEnvironment UpdateQueueEnvironment
        ec2: CreateLaunchTemplateVersion CreateReplaceRootVolumeTask ModifyInstanceAttribute ModifyLaunchTemplate
        elasticbeanstalk: UpdateEnvironment
        elasticmapreduce: AddJobFlowSteps
        emr-serverless: UpdateApplication
        finspace: UpdateKxClusterCodeConfiguration
        fis: UpdateExperimentTemplate
        gamelift: UpdateContainerFleet UpdateContainerGroupDefinition UpdateRuntimeConfiguration UpdateScript
        glue: UpdateBlueprint UpdateDevEndpoint UpdateJob UpdateJobFromSourceControl
        greengrass: CreateDeployment
        imagebuilder: CreateImage CreateImagePipeline UpdateImagePipeline
        kinesisanalytics: UpdateApplication
        lambda: CreateWebFunctionRevision UpdateFunctionCode UpdateFunctionConfiguration
        opsworks: UpdateApp UpdateLayer UpdateStack
        sagemaker: CreateApp CreateInferenceComponent UpdateDomain UpdateInferenceComponent UpdateNotebookInstance
        sagemaker: UpdateNotebookInstanceLifecycleConfig UpdatePipeline UpdateSpace UpdateUserProfile
        servicecatalog: CreateProvisionedProductPlan CreateProvisioningArtifact ExecuteProvisionedProductPlan
        servicecatalog: ProvisionProduct UpdateProvisionedProduct
        ssm: UpdateDocument UpdateDocumentDefaultVersion
        states: UpdateStateMachine
        synthetics: StartCanaryDryRun UpdateCanary
        """,
    ),
    Escalation(
        "open",
        "writes or removes a policy or grant of a resource, in which it can name itself",
        f"{_GUIDE}/access_policies_identity-vs-resource.html",
        """
        *: DeleteResourcePolicy PutResourcePolicy
        acm-pca: DeletePolicy PutPolicy
        aiops: DeleteInvestigationGroupPolicy PutInvestigationGroupPolicy
        aoss: CreateAccessPolicy UpdateAccessPolicy
        apigateway: DeletePortalProductSharingPolicy PutPortalProductSharingPolicy UpdateDomainNameManagementPolicy
        apigateway: UpdateDomainNamePolicy UpdateRestApiPolicy
        appmesh: DeleteMeshPolicy PutMeshPolicy
        appmesh-preview: DeleteMeshPolicy PutMeshPolicy
        backup: DeleteBackupVaultAccessPolicy DeleteBackupVaultSharingPolicy PutBackupVaultAccessPolicy
        backup: PutBackupVaultSharingPolicy
        cleanrooms-ml: DeleteConfiguredAudienceModelPolicy PutConfiguredAudienceModelPolicy
        cloudsearch: UpdateServiceAccessPolicies
        codeartifact: DeleteDomainPermissionsPolicy DeleteRepositoryPermissionsPolicy PutDomainPermissionsPolicy
        codeartifact: PutRepositoryPermissionsPolicy
        codeguru-profiler: PutPermission RemovePermission
        datazone: DeleteDomainSharingPolicy PutDomainSharingPolicy
        dsql: DeleteClusterPolicy PutClusterPolicy
        ecr: DeleteRegistryPolicy DeleteRepositoryPolicy PutRegistryPolicy SetRepositoryPolicy
        ecr-public: DeleteRepositoryPolicy SetRepositoryPolicy
        elasticfilesystem: DeleteFileSystemPolicy PutFileSystemPolicy
        elemental-inference: DeleteFeedPolicy PutFeedPolicy
        entityresolution: AddPolicyStatement DeletePolicyStatement PutPolicy
        es: UpdateDomainConfig UpdateElasticsearchDomainConfig
        events: PutPermission RemovePermission
        glacier: DeleteVaultAccessPolicy SetVaultAccessPolicy
        imagebuilder: PutComponentPolicy PutContainerRecipePolicy PutImagePolicy PutImageRecipePolicy
        iotsitewise: CreateAccessPolicy UpdateAccessPolicy
        kafka: DeleteClusterPolicy PutClusterPolicy
        kms: CreateGrant PutKeyPolicy ReplicateKey
        lakeformation: BatchGrantPermissions DetachRLSPolicy GrantPermissions PutDataLakeSettings UpdateRLSPolicy
        lambda: Add*Permission Remove*Permission
        lex: CreateResourcePolicy CreateResourcePolicyStatement DeleteResourcePolicyStatement UpdateResourcePolicy
        logs: DeleteDeliveryDestinationPolicy PutDeliveryDestinationPolicy PutDestinationPolicy
        mediapackagev2: DeleteChannelPolicy DeleteOriginEndpointPolicy PutChannelPolicy PutOriginEndpointPolicy
        mediastore: DeleteContainerPolicy PutContainerPolicy
        mediatailor: DeleteChannelPolicy PutChannelPolicy
        oam: PutSinkPolicy
        omics: DeleteS3AccessPolicy PutS3AccessPolicy
        qbusiness: AssociatePermission DisassociatePermission
        rekognition: DeleteProjectPolicy PutProjectPolicy
        resource-groups: DeleteGroupPolicy PutGroupPolicy
        route53profiles: PutProfilePolicy
        route53resolver: PutFirewallRuleGroupPolicy PutResolverQueryLogConfigPolicy PutResolverRulePolicy
        s3: CreateAccessGrant DeleteAccessGrantsInstanceResourcePolicy DeleteAccessPointPolicy*
        s3: DeleteBucketPolicy Put*AccessPointPolicy* PutAccessGrantsInstanceResourcePolicy PutBucketPolicy
        s3-outposts: DeleteAccessPointPolicy DeleteBucketPolicy PutAccessPointPolicy PutBucketPolicy
        s3express: DeleteAccessPointPolicy DeleteAccessPointScope DeleteBucketPolicy PutAccessPointPolicy
        s3express: PutAccessPointScope PutBucketPolicy
        s3files: DeleteFileSystemPolicy PutFileSystemPolicy
        s3tables: DeleteTableBucketPolicy DeleteTablePolicy PutTableBucketPolicy PutTablePolicy
        s3vectors: DeleteVectorBucketPolicy PutVectorBucketPolicy
        sagemaker: CreateLineageGroupPolicy DeleteLineageGroupPolicy DeleteModelPackageGroupPolicy PutLineageGroupPolicy
        sagemaker: PutModelPackageGroupPolicy
        serverlessrepo: PutApplicationPolicy
        ses: CreateEmailIdentityPolicy DeleteEmailIdentityPolicy DeleteIdentityPolicy PutIdentityPolicy
        ses: UpdateEmailIdentityPolicy
        signer: AddProfilePermission RemoveProfilePermission
        signin: DeleteResourcePermissionStatement PutResourcePermissionStatement
        sns: AddPermission RemovePermission SetTopicAttributes
        sqs: AddPermission RemovePermission SetQueueAttributes
        ssm-contacts: PutContactPolicy
        vpc-lattice: DeleteAuthPolicy PutAuthPolicy
        waf: DeletePermissionPolicy PutPermissionPolicy
        waf-regional: DeletePermissionPolicy PutPermissionPolicy
        wafv2: DeletePermissionPolicy PutPermissionPolicy
        """,
    ),
)
