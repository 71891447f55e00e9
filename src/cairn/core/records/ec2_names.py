"""How EC2's older operations call their lists in records: the tables behind `ec2`.

EC2 writes two styles. Operations of its API up to version 2015-03-01 are written in the terms of the older API
(`instancesSet`, `items`); later ones as the request's and the reply's XML, turned into JSON.
"""

from __future__ import annotations

_OLDER = """
  AcceptVpcPeeringConnection AllocateAddress AssignPrivateIpAddresses AssociateAddress AssociateDhcpOptions
  AssociateRouteTable AttachClassicLinkVpc AttachInternetGateway AttachNetworkInterface AttachVolume
  AttachVpnGateway AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress BundleInstance CancelBundleTask
  CancelConversionTask CancelExportTask CancelImportTask CancelReservedInstancesListing
  CancelSpotInstanceRequests ConfirmProductInstance CopyImage CopySnapshot CreateCustomerGateway
  CreateDhcpOptions CreateImage CreateInstanceExportTask CreateInternetGateway CreateKeyPair CreateNetworkAcl
  CreateNetworkAclEntry CreateNetworkInterface CreatePlacementGroup CreateReservedInstancesListing CreateRoute
  CreateRouteTable CreateSecurityGroup CreateSnapshot CreateSpotDatafeedSubscription CreateSubnet CreateTags
  CreateVolume CreateVpc CreateVpcPeeringConnection CreateVpnConnection CreateVpnConnectionRoute
  CreateVpnGateway DeleteCustomerGateway DeleteDhcpOptions DeleteInternetGateway DeleteKeyPair DeleteNetworkAcl
  DeleteNetworkAclEntry DeleteNetworkInterface DeletePlacementGroup DeleteRoute DeleteRouteTable
  DeleteSecurityGroup DeleteSnapshot DeleteSpotDatafeedSubscription DeleteSubnet DeleteTags DeleteVolume
  DeleteVpc DeleteVpcPeeringConnection DeleteVpnConnection DeleteVpnConnectionRoute DeleteVpnGateway
  DeregisterImage DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeBundleTasks
  DescribeClassicLinkInstances DescribeConversionTasks DescribeCustomerGateways DescribeDhcpOptions
  DescribeExportTasks DescribeImageAttribute DescribeImages DescribeImportImageTasks DescribeImportSnapshotTasks
  DescribeInstanceAttribute DescribeInstanceStatus DescribeInstances DescribeInternetGateways DescribeKeyPairs
  DescribeNetworkAcls DescribeNetworkInterfaceAttribute DescribeNetworkInterfaces DescribePlacementGroups
  DescribeRegions DescribeReservedInstances DescribeReservedInstancesListings
  DescribeReservedInstancesModifications DescribeReservedInstancesOfferings DescribeRouteTables
  DescribeSecurityGroups DescribeSnapshotAttribute DescribeSnapshots DescribeSpotDatafeedSubscription
  DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeSubnets DescribeTags DescribeVolumeAttribute
  DescribeVolumeStatus DescribeVolumes DescribeVpcAttribute DescribeVpcClassicLink DescribeVpcPeeringConnections
  DescribeVpcs DescribeVpnConnections DescribeVpnGateways DetachClassicLinkVpc DetachInternetGateway
  DetachNetworkInterface DetachVolume DetachVpnGateway DisableVgwRoutePropagation DisableVpcClassicLink
  DisassociateAddress DisassociateRouteTable EnableVgwRoutePropagation EnableVolumeIO EnableVpcClassicLink
  GetConsoleOutput GetPasswordData ImportImage ImportInstance ImportKeyPair ImportSnapshot ImportVolume
  ModifyImageAttribute ModifyInstanceAttribute ModifyNetworkInterfaceAttribute ModifyReservedInstances
  ModifySnapshotAttribute ModifySubnetAttribute ModifyVolumeAttribute ModifyVpcAttribute MonitorInstances
  PurchaseReservedInstancesOffering RebootInstances RegisterImage RejectVpcPeeringConnection ReleaseAddress
  ReplaceNetworkAclAssociation ReplaceNetworkAclEntry ReplaceRoute ReplaceRouteTableAssociation
  ReportInstanceStatus RequestSpotInstances ResetImageAttribute ResetInstanceAttribute
  ResetNetworkInterfaceAttribute ResetSnapshotAttribute RevokeSecurityGroupEgress RevokeSecurityGroupIngress
  RunInstances StartInstances StopInstances TerminateInstances UnassignPrivateIpAddresses UnmonitorInstances
"""
OLDER_OPERATIONS = frozenset(_OLDER.split())
"""The operations of EC2's API of 2015-03-01."""

LISTS: dict[str, tuple[str, str]] = {
    "AllocationIds": ("allocationIdsSet", "allocationId"),
    "AttributeNames": ("accountAttributeNameSet", "attributeName"),
    "BlockDeviceMappings": ("blockDeviceMapping", ""),
    "BundleIds": ("bundleSet", "bundleId"),
    "ConversionTaskIds": ("conversionTaskIdSet", "conversionTaskId"),
    "CustomerGatewayIds": ("customerGatewaySet", "customerGatewayId"),
    "DhcpConfigurations": ("dhcpConfigurationSet", ""),
    "DhcpOptionsIds": ("dhcpOptionsSet", "dhcpOptionsId"),
    "ExecutableUsers": ("executableBySet", "user"),
    "ExportTaskIds": ("exportTaskIdSet", "exportTaskId"),
    "Filters": ("filterSet", ""),
    "GroupIds": ("securityGroupIdSet", "groupId"),
    "GroupNames": ("securityGroupSet", "groupName"),
    "Groups": ("groupSet", "groupId"),
    "ImageIds": ("imagesSet", "imageId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "InstanceTypes": ("instanceTypeSet", "instanceType"),
    "Instances": ("instancesSet", "instanceId"),
    "InternetGatewayIds": ("internetGatewayIdSet", "internetGatewayId"),
    "IpPermissions": ("ipPermissions", ""),
    "Ipv6Addresses": ("ipv6AddressesSet", ""),
    "KeyNames": ("keySet", "keyName"),
    "KeyPairIds": ("keyPairIdSet", "keyPairId"),
    "NetworkAclIds": ("networkAclIdSet", "networkAclId"),
    "NetworkInterfaceIds": ("networkInterfaceIdSet", "networkInterfaceId"),
    "NetworkInterfaces": ("networkInterfaceSet", ""),
    "OwnerIds": ("ownersSet", "owner"),
    "Owners": ("ownersSet", "owner"),
    "PrivateIpAddresses": ("privateIpAddressesSet", "privateIpAddress"),
    "ProductCodes": ("productCodes", "productCode"),
    "ProductDescriptions": ("productDescriptionSet", "productDescription"),
    "PublicIps": ("publicIpsSet", "publicIp"),
    "RegionNames": ("regionSet", "regionName"),
    "ReservedInstancesIds": ("reservedInstancesSet", "reservedInstancesId"),
    "ReservedInstancesOfferingIds": ("reservedInstancesOfferingsSet", "reservedInstancesOfferingId"),
    "Resources": ("resourcesSet", "resourceId"),
    "RestorableByUserIds": ("sharedUsersSet", "user"),
    "RouteTableIds": ("routeTableIdSet", "routeTableId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "SecurityGroupRuleIds": ("securityGroupRuleIdSet", "securityGroupRuleId"),
    "SecurityGroups": ("groupSet", "groupName"),
    "SnapshotIds": ("snapshotSet", "snapshotId"),
    "SpotInstanceRequestIds": ("spotInstanceRequestIdSet", "spotInstanceRequestId"),
    "SubnetIds": ("subnetSet", "subnetId"),
    "TagSpecifications": ("tagSpecificationSet", ""),
    "UserGroups": ("userGroupSet", "group"),
    "UserIds": ("userIdSet", "userId"),
    "Values": ("valueSet", "value"),
    "VolumeIds": ("volumeSet", "volumeId"),
    "VpcIds": ("vpcSet", "vpcId"),
    "VpcPeeringConnectionIds": ("vpcPeeringConnectionIdSet", "vpcPeeringConnectionId"),
    "VpnConnectionIds": ("vpnConnectionSet", "vpnConnectionId"),
    "VpnGatewayIds": ("vpnGatewaySet", "vpnGatewayId"),
    "ZoneIds": ("availabilityZoneIdSet", "zoneId"),
    "ZoneNames": ("availabilityZoneSet", "zoneName"),
}
"""The record's name of a list and of the one member of its items, by botocore's name. Lists of structures have none."""

LISTS_OF_OPERATION: dict[tuple[str, str], tuple[str, str]] = {
    ("DescribePlacementGroups", "GroupIds"): ("placementGroupIdSet", "groupId"),
    ("DescribePlacementGroups", "GroupNames"): ("placementGroupSet", "groupName"),
}

ITEM_LISTS = frozenset({("DescribeVpcClassicLink", "VpcIds")})
"""Where a list's items stand in `item` instead of `items`: operation and member of the request."""

ITEM_REPLY_LISTS = frozenset({"privateIpAddressesSet"})
"""Lists of replies whose items stand in `item`."""

PLAIN_LISTS = frozenset({"tags"})
"""Lists that are JSON arrays, in `tagSpecificationSet`."""

MEMBERS: dict[tuple[str, str], str] = {
    ("CreateVolume", "AvailabilityZone"): "zone",
    ("CreateNetworkAclEntry", "Protocol"): "aclProtocol",
    ("CreateNetworkAclEntry", "IcmpTypeCode"): "icmpTypeCode",
    ("ReplaceNetworkAclEntry", "Protocol"): "aclProtocol",
    ("ReplaceNetworkAclEntry", "IcmpTypeCode"): "icmpTypeCode",
    ("ModifyImageAttribute", "Attribute"): "attributeType",
    ("ModifySnapshotAttribute", "Attribute"): "attributeType",
    ("ResetSnapshotAttribute", "Attribute"): "attributeType",
}
"""Members of requests that have a name of their own."""

REPLY_MEMBERS: dict[tuple[str, str], str] = {
    ("CreateVolume", "AvailabilityZone"): "zone",
}

TEXTS: frozenset[tuple[str, str]] = frozenset(
    {("CreateVolume", "Size"), ("CreateSnapshot", "VolumeSize"), ("CreateNetworkAclEntry", "Protocol")}
)
"""Numbers that are written as texts, by operation and member, in request and reply."""

ALWAYS: dict[str, dict[str, object]] = {
    "CreateNetworkInterface": {"groupSet": {}},
    "CreateVpc": {"instanceTenancy": "default", "amazonProvidedIpv6CidrBlock": False},
    "DeleteSnapshot": {"force": False},
    "DeleteVolume": {"reportVolumeFailure": False},
    "DescribeAccountAttributes": {"filterSet": {}},
    "DescribeInstanceStatus": {"includeAllInstances": False},
    "DescribeKeyPairs": {"includePublicKey": False},
    "RevokeSecurityGroupIngress": {"ipPermissions": {}},
    "RevokeSecurityGroupEgress": {"ipPermissions": {}},
    "RunInstances": {
        "blockDeviceMapping": {},
        "monitoring": {"enabled": False},
        "disableApiTermination": False,
        "disableApiStop": False,
    },
    "StopInstances": {"force": False},
}
"""Members that stand in the request whether it had them or not."""

UNLISTED = frozenset({("DescribeRegions", "Filters")})
"""Lists of Describe requests that do not stand as `{}` where they are not given, unlike the others."""

PERMISSION_LISTS = ("groups", "ipRanges", "ipv6Ranges", "prefixListIds")
"""Members that each item of `ipPermissions` has."""

RETURNING = frozenset({"CreateSecurityGroup", "DisassociateRouteTable"})
"""Operations that answer `_return: true` though botocore's model has no `Return`."""
